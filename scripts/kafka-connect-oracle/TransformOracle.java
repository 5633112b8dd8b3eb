import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.ConnectSchema;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.runtime.ConnectorConfig;
import org.apache.kafka.connect.runtime.isolation.Plugins;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/**
 * Says what Kafka Connect's own transforms and predicates do: reads cases as JSON from the file that is named, and
 * writes them to standard output with the outcome of each. See transform-goldens.ts, which runs it.
 *
 * Data: JSON, and what JSON has not as an object with one field: $long, $int, $double, $bytes (base64), $date (ms),
 * $decimal (text), $map (pairs). Schemas look as in connector-api.
 */
public class TransformOracle {
  static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  static final ObjectMapper MAPPER = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    JsonNode input = MAPPER.readTree(new File(args[0]));
    ObjectNode output = NODES.objectNode();
    ArrayNode cases = output.putArray("cases");
    for (JsonNode one : input.get("cases")) cases.add(runCase((ObjectNode) one));
    ObjectNode definitions = output.putObject("configKeys");
    for (JsonNode name : input.get("classes")) definitions.set(name.asText(), keysOf(name.asText()));
    ArrayNode validations = output.putArray("validations");
    Plugins plugins = new Plugins(Map.of());
    for (JsonNode one : input.get("validations")) validations.add(validate(plugins, (ObjectNode) one));
    System.out.println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(output));
  }

  static ObjectNode runCase(ObjectNode one) {
    Object plugin;
    try {
      plugin = Class.forName(one.get("class").asText()).getDeclaredConstructor().newInstance();
      Map<String, String> config = stringMap(one.get("config"));
      if (plugin instanceof Transformation<?> transform) transform.configure(config);
      else ((Predicate<?>) plugin).configure(config);
    } catch (Exception error) {
      one.put("configError", String.valueOf(error.getMessage()));
      return one;
    }
    ArrayNode outcomes = one.putArray("outcomes");
    for (JsonNode record : one.get("records")) outcomes.add(applyTo(plugin, record));
    return one;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  static JsonNode applyTo(Object plugin, JsonNode json) {
    ConnectRecord record;
    try {
      record = readRecord(json);
    } catch (Exception error) {
      return tagged("badInput", NODES.textNode(error.toString()));
    }
    try {
      if (plugin instanceof Predicate predicate) return NODES.booleanNode(predicate.test(record));
      ConnectRecord result = ((Transformation) plugin).apply(record);
      return result == null ? NODES.nullNode() : writeRecord(result);
    } catch (Exception error) {
      ObjectNode failed = NODES.objectNode();
      failed.put("error", error.getClass().getSimpleName());
      failed.put("message", String.valueOf(error.getMessage()));
      return failed;
    }
  }

  static ConnectRecord<?> readRecord(JsonNode json) {
    Schema keySchema = readSchema(json.get("keySchema"));
    Schema valueSchema = readSchema(json.get("valueSchema"));
    Object key = readValue(keySchema, json.get("key"));
    Object value = readValue(valueSchema, json.get("value"));
    Integer partition = json.has("partition") ? json.get("partition").asInt() : null;
    Long timestamp = json.has("timestampMs") ? json.get("timestampMs").asLong() : null;
    ConnectHeaders headers = new ConnectHeaders();
    if (json.has("headers"))
      for (JsonNode header : json.get("headers")) {
        Schema schema = readSchema(header.get("schema"));
        headers.add(header.get("name").asText(), readValue(schema, header.get("value")), schema);
      }
    String topic = json.get("topic").asText();
    if (json.has("offset"))
      return new SinkRecord(topic, partition, keySchema, key, valueSchema, value, json.get("offset").asLong(),
          timestamp, TimestampType.CREATE_TIME, headers);
    return new SourceRecord(Map.of(), Map.of(), topic, partition, keySchema, key, valueSchema, value, timestamp, headers);
  }

  static ObjectNode writeRecord(ConnectRecord<?> record) {
    ObjectNode json = NODES.objectNode();
    json.put("topic", record.topic());
    if (record.kafkaPartition() != null) json.put("partition", record.kafkaPartition());
    if (record instanceof SinkRecord sink) json.put("offset", sink.kafkaOffset());
    if (record.timestamp() != null) json.put("timestampMs", record.timestamp());
    if (record.keySchema() != null) json.set("keySchema", writeSchema(record.keySchema()));
    json.set("key", writeValue(record.key()));
    if (record.valueSchema() != null) json.set("valueSchema", writeSchema(record.valueSchema()));
    json.set("value", writeValue(record.value()));
    ArrayNode headers = json.putArray("headers");
    for (Header header : record.headers()) {
      ObjectNode one = headers.addObject();
      one.put("name", header.key());
      one.set("value", writeValue(header.value()));
      if (header.schema() != null) one.set("schema", writeSchema(header.schema()));
    }
    return json;
  }

  static Schema readSchema(JsonNode json) {
    if (json == null || json.isNull()) return null;
    Schema.Type type = Schema.Type.valueOf(json.get("type").asText().toUpperCase());
    SchemaBuilder builder = switch (type) {
      case ARRAY -> SchemaBuilder.array(readSchema(json.get("items")));
      case MAP -> SchemaBuilder.map(readSchema(json.get("keys")), readSchema(json.get("values")));
      default -> new SchemaBuilder(type);
    };
    if (json.has("name")) builder.name(json.get("name").asText());
    if (json.has("version")) builder.version(json.get("version").asInt());
    if (json.has("doc")) builder.doc(json.get("doc").asText());
    if (json.has("parameters")) builder.parameters(stringMap(json.get("parameters")));
    if (json.has("optional") && json.get("optional").asBoolean()) builder.optional();
    if (type == Schema.Type.STRUCT)
      for (JsonNode field : json.get("fields"))
        builder.field(field.get("field").asText(), readSchema(field.get("schema")));
    if (json.has("default")) {
      // A default that is a struct refers to the schema that it is a default of.
      Object value = readValue(type == Schema.Type.STRUCT ? builder : builder.build(), json.get("default"));
      builder.defaultValue(value);
    }
    return builder.build();
  }

  static ObjectNode writeSchema(Schema schema) {
    ObjectNode json = NODES.objectNode();
    json.put("type", schema.type().getName());
    if (schema.isOptional()) json.put("optional", true);
    if (schema.name() != null) json.put("name", schema.name());
    if (schema.version() != null) json.put("version", schema.version());
    if (schema.doc() != null) json.put("doc", schema.doc());
    if (schema.parameters() != null) json.set("parameters", MAPPER.valueToTree(schema.parameters()));
    if (schema.defaultValue() != null) json.set("default", writeValue(schema.defaultValue()));
    if (schema.type() == Schema.Type.STRUCT) {
      ArrayNode fields = json.putArray("fields");
      for (Field field : schema.fields()) {
        ObjectNode one = fields.addObject();
        one.put("field", field.name());
        one.set("schema", writeSchema(field.schema()));
      }
    }
    if (schema.type() == Schema.Type.ARRAY && schema.valueSchema() != null)
      json.set("items", writeSchema(schema.valueSchema()));
    if (schema.type() == Schema.Type.MAP) {
      if (schema.keySchema() != null) json.set("keys", writeSchema(schema.keySchema()));
      if (schema.valueSchema() != null) json.set("values", writeSchema(schema.valueSchema()));
    }
    return json;
  }

  static Object readValue(Schema schema, JsonNode json) {
    if (json == null || json.isNull()) return null;
    if (json.has("$date")) return new Date(json.get("$date").asLong());
    if (json.has("$decimal")) return new BigDecimal(json.get("$decimal").asText());
    if (json.has("$bytes")) return ByteBuffer.wrap(Base64.getDecoder().decode(json.get("$bytes").asText()));
    if (json.has("$double")) {
      double value = Double.parseDouble(json.get("$double").asText());
      return schema != null && schema.type() == Schema.Type.FLOAT32 ? (Object) (float) value : (Object) value;
    }
    if (json.has("$int")) return json.get("$int").asInt();
    if (json.has("$long")) return Long.parseLong(json.get("$long").asText());
    if (json.has("$map")) {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (JsonNode pair : json.get("$map"))
        map.put(
            readValue(schema == null ? null : schema.keySchema(), pair.get(0)),
            readValue(schema == null ? null : schema.valueSchema(), pair.get(1)));
      return map;
    }
    if (schema == null) return readLoose(json);
    switch (schema.type()) {
      case INT8: return (byte) json.asInt();
      case INT16: return (short) json.asInt();
      case INT32: return json.asInt();
      case INT64: return json.asLong();
      case FLOAT32: return (float) json.asDouble();
      case FLOAT64: return json.asDouble();
      case BOOLEAN: return json.asBoolean();
      case STRING: return json.asText();
      case ARRAY: {
        List<Object> list = new ArrayList<>();
        for (JsonNode item : json) list.add(readValue(schema.valueSchema(), item));
        return list;
      }
      case MAP: {
        Map<Object, Object> map = new LinkedHashMap<>();
        json.fields().forEachRemaining(
            (entry) -> map.put(entry.getKey(), readValue(schema.valueSchema(), entry.getValue())));
        return map;
      }
      case STRUCT: {
        Struct struct = new Struct(schema);
        for (Field field : schema.fields())
          if (json.has(field.name())) struct.put(field.name(), readValue(field.schema(), json.get(field.name())));
        return struct;
      }
      default: throw new IllegalArgumentException(schema.type().toString());
    }
  }

  static Object readLoose(JsonNode json) {
    if (json.isIntegralNumber()) return json.asLong();
    if (json.isNumber()) return json.asDouble();
    if (json.isBoolean()) return json.asBoolean();
    if (json.isTextual()) return json.asText();
    if (json.isArray()) {
      List<Object> list = new ArrayList<>();
      for (JsonNode item : json) list.add(readLoose(item));
      return list;
    }
    Map<String, Object> map = new LinkedHashMap<>();
    json.fields().forEachRemaining((entry) -> map.put(entry.getKey(), readValue(null, entry.getValue())));
    return map;
  }

  static JsonNode writeValue(Object value) {
    if (value == null) return NODES.nullNode();
    if (value instanceof Byte || value instanceof Short || value instanceof Integer)
      return NODES.numberNode(((Number) value).intValue());
    if (value instanceof Long number) {
      if (number <= (1L << 53) - 1 && number >= -(1L << 53) + 1) return NODES.numberNode(number);
      return tagged("$long", NODES.textNode(number.toString()));
    }
    if (value instanceof Float number) return writeDouble(number.doubleValue());
    if (value instanceof Double number) return writeDouble(number);
    if (value instanceof Boolean flag) return NODES.booleanNode(flag);
    if (value instanceof String text) return NODES.textNode(text);
    if (value instanceof Date date) return tagged("$date", NODES.numberNode(date.getTime()));
    if (value instanceof BigDecimal decimal) return tagged("$decimal", NODES.textNode(decimal.toString()));
    if (value instanceof byte[] bytes) return tagged("$bytes", NODES.textNode(Base64.getEncoder().encodeToString(bytes)));
    if (value instanceof ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.duplicate().remaining()];
      buffer.duplicate().get(bytes);
      return tagged("$bytes", NODES.textNode(Base64.getEncoder().encodeToString(bytes)));
    }
    if (value instanceof List<?> list) {
      ArrayNode items = NODES.arrayNode();
      for (Object item : list) items.add(writeValue(item));
      return items;
    }
    if (value instanceof Map<?, ?> map) {
      if (map.keySet().stream().allMatch((key) -> key instanceof String)) {
        ObjectNode fields = NODES.objectNode();
        map.forEach((key, one) -> fields.set((String) key, writeValue(one)));
        return fields;
      }
      ArrayNode pairs = NODES.arrayNode();
      map.forEach((key, one) -> pairs.addArray().add(writeValue(key)).add(writeValue(one)));
      return tagged("$map", pairs);
    }
    if (value instanceof Struct struct) {
      ObjectNode fields = NODES.objectNode();
      for (Field field : struct.schema().fields())
        fields.set(field.name(), writeValue(struct.getWithoutDefault(field.name())));
      return fields;
    }
    throw new IllegalArgumentException(value.getClass().toString());
  }

  static JsonNode writeDouble(double value) {
    if (Double.isFinite(value) && Double.compare(value, -0.0) != 0) return NODES.numberNode(value);
    return tagged("$double", NODES.textNode(Double.toString(value)));
  }

  static ObjectNode tagged(String tag, JsonNode value) {
    ObjectNode node = NODES.objectNode();
    node.set(tag, value);
    return node;
  }

  static Map<String, String> stringMap(JsonNode json) {
    Map<String, String> map = new LinkedHashMap<>();
    json.fields().forEachRemaining((entry) -> map.put(entry.getKey(), entry.getValue().asText()));
    return map;
  }

  static ObjectNode keysOf(String className) throws Exception {
    Object plugin = Class.forName(className).getDeclaredConstructor().newInstance();
    ConfigDef definition =
        plugin instanceof Transformation<?> transform ? transform.config() : ((Predicate<?>) plugin).config();
    ObjectNode keys = NODES.objectNode();
    for (ConfigDef.ConfigKey key : definition.configKeys().values()) {
      ObjectNode one = keys.putObject(key.name);
      one.put("type", key.type.name());
      one.put("importance", key.importance.name());
      one.put("required", !key.hasDefault());
      one.put("default", key.hasDefault() ? ConfigDef.convertToString(key.defaultValue, key.type) : null);
    }
    return keys;
  }

  /** What the validation of a definition says of the keys of its transforms and predicates. */
  static ObjectNode validate(Plugins plugins, ObjectNode one) {
    Map<String, String> config = stringMap(one.get("config"));
    ObjectNode errors = one.putObject("errors");
    ArrayNode keys = one.putArray("keys");
    try {
      ConfigDef definition = ConnectorConfig.enrich(plugins, ConnectorConfig.configDef(), config, false);
      for (ConfigValue value : definition.validate(config)) {
        if (!value.name().startsWith("transforms") && !value.name().startsWith("predicates")) continue;
        ConfigDef.ConfigKey key = definition.configKeys().get(value.name());
        ObjectNode shown = keys.addObject();
        shown.put("name", value.name());
        if (key != null) {
          shown.put("type", key.type.name());
          shown.put("group", key.group);
          shown.put("order", key.orderInGroup);
          shown.put("displayName", key.displayName);
          shown.put("width", key.width.name());
          shown.put("importance", key.importance.name());
          shown.put("required", !key.hasDefault());
          shown.put("documentation", key.documentation.startsWith("Class for") ? key.documentation : "");
        }
        if (!value.errorMessages().isEmpty()) errors.set(value.name(), MAPPER.valueToTree(value.errorMessages()));
      }
    } catch (Exception error) {
      one.put("thrown", String.valueOf(error.getMessage()));
    }
    return one;
  }
}
