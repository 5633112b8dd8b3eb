import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;

/**
 * Kafka Connect's own converters, asked from outside: one JSON request a line on stdin, one JSON answer a
 * line on stdout. It is what our converters are compared with.
 *
 * <pre>
 * {"op":"write","converter":CLASS,"config":{…},"header":bool,"schema":S,"value":V} → {"bytes":BASE64|null}
 * {"op":"read","converter":CLASS,"config":{…},"header":bool,"bytes":BASE64|null}  → {"schema":S,"value":V}
 * </pre>
 *
 * A failure answers {"error":MESSAGE}. How schemas and values look in a request stands in wire-data.ts.
 */
public class ConverterOracle {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final Map<String, Object> CONVERTERS = new HashMap<>();

    public static void main(String[] args) throws Exception {
        // UTF-8 has no bytes for half a character, which a string may hold.
        ObjectMapper mapper = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        // Logging must not come between the answers.
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        System.setOut(System.err);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(mapper.writeValueAsString(answer(mapper.readTree(line))));
        }
        out.flush();
    }

    private static ObjectNode answer(JsonNode request) {
        ObjectNode answer = JSON.objectNode();
        try {
            Object converter = converterOf(request);
            boolean header = request.path("header").booleanValue();
            if (request.get("op").textValue().equals("write")) {
                Schema schema = schemaOf(request.get("schema"));
                Object value = valueOf(schema, request.get("value"));
                byte[] bytes = header
                    ? ((HeaderConverter) converter).fromConnectHeader("t", "h", schema, value)
                    : ((Converter) converter).fromConnectData("t", schema, value);
                answer.put("bytes", bytes == null ? null : Base64.getEncoder().encodeToString(bytes));
            } else {
                String text = request.get("bytes").textValue();
                byte[] bytes = text == null ? null : Base64.getDecoder().decode(text);
                SchemaAndValue data = header
                    ? ((HeaderConverter) converter).toConnectHeader("t", "h", bytes)
                    : ((Converter) converter).toConnectData("t", bytes);
                if (data == null) data = SchemaAndValue.NULL;
                answer.set("schema", schemaJson(data.schema()));
                answer.set("value", valueJson(data.schema(), data.value()));
            }
        } catch (Throwable error) {
            answer.removeAll();
            answer.put("error", String.valueOf(error.getMessage()));
        }
        return answer;
    }

    private static Object converterOf(JsonNode request) throws Exception {
        String name = request.get("converter").textValue();
        JsonNode settings = request.path("config");
        boolean header = request.path("header").booleanValue();
        String id = name + " " + header + " " + settings;
        Object known = CONVERTERS.get(id);
        if (known != null) return known;
        Map<String, Object> config = new HashMap<>();
        for (Map.Entry<String, JsonNode> each : settings.properties())
            config.put(each.getKey(), each.getValue().textValue());
        Object converter = Class.forName(name).getDeclaredConstructor().newInstance();
        if (header) {
            config.put("converter.type", "header");
            ((HeaderConverter) converter).configure(config);
        } else {
            ((Converter) converter).configure(config, false);
        }
        CONVERTERS.put(id, converter);
        return converter;
    }

    // From requests

    private static Schema schemaOf(JsonNode json) {
        if (json == null || json.isNull()) return null;
        Schema.Type type = Schema.Type.valueOf(json.get("type").textValue().toUpperCase(Locale.ROOT));
        SchemaBuilder builder = switch (type) {
            case ARRAY -> SchemaBuilder.array(schemaOf(json.get("items")));
            case MAP -> SchemaBuilder.map(schemaOf(json.get("keys")), schemaOf(json.get("values")));
            default -> SchemaBuilder.type(type);
        };
        if (type == Schema.Type.STRUCT)
            for (JsonNode field : json.get("fields"))
                builder.field(field.get("field").textValue(), schemaOf(field.get("schema")));
        if (json.path("optional").booleanValue()) builder.optional();
        if (json.has("name")) builder.name(json.get("name").textValue());
        if (json.has("version")) builder.version(json.get("version").intValue());
        if (json.has("doc")) builder.doc(json.get("doc").textValue());
        for (JsonNode parameter : json.path("parameters"))
            builder.parameter(parameter.get(0).textValue(), parameter.get(1).textValue());
        if (json.has("default")) {
            // A default may be a struct, whose schema is the one without the default.
            builder.defaultValue(valueOf(builder.build(), json.get("default")));
        }
        return builder.build();
    }

    private static Object valueOf(Schema schema, JsonNode json) {
        if (json == null || json.isNull()) return null;
        if (schema == null) return untypedValueOf(json);
        if (schema.name() != null) {
            switch (schema.name()) {
                case Decimal.LOGICAL_NAME: {
                    String[] parts = json.textValue().split("/");
                    return new BigDecimal(new BigInteger(parts[0]), Integer.parseInt(parts[1]));
                }
                case Date.LOGICAL_NAME, Time.LOGICAL_NAME, Timestamp.LOGICAL_NAME:
                    return new java.util.Date(Long.parseLong(json.textValue()));
                default:
            }
        }
        switch (schema.type()) {
            case ARRAY: {
                List<Object> list = new ArrayList<>();
                for (JsonNode each : json) list.add(valueOf(schema.valueSchema(), each));
                return list;
            }
            case MAP: {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (JsonNode each : json)
                    map.put(
                        valueOf(schema.keySchema(), each.get(0)),
                        valueOf(schema.valueSchema(), each.get(1)));
                return map;
            }
            case STRUCT: {
                Struct struct = new Struct(schema);
                for (Field field : schema.fields()) {
                    Object value = valueOf(field.schema(), json.get(field.index()));
                    if (value != null || field.schema().isOptional()) struct.put(field, value);
                }
                return struct;
            }
            default:
                return primitiveOf(schema.type(), json);
        }
    }

    private static Object primitiveOf(Schema.Type type, JsonNode json) {
        String text = json.textValue();
        return switch (type) {
            case INT8 -> Byte.valueOf(text);
            case INT16 -> Short.valueOf(text);
            case INT32 -> Integer.valueOf(text);
            case INT64 -> Long.valueOf(text);
            case FLOAT32 -> Float.intBitsToFloat(Integer.parseUnsignedInt(text, 16));
            case FLOAT64 -> Double.longBitsToDouble(Long.parseUnsignedLong(text, 16));
            case BOOLEAN -> json.booleanValue();
            case STRING -> text;
            case BYTES -> Base64.getDecoder().decode(text);
            default -> throw new IllegalArgumentException("not primitive: " + type);
        };
    }

    /** {"type":TYPE,"value":V}: a value that says itself what it is. */
    private static Object untypedValueOf(JsonNode json) {
        String type = json.get("type").textValue();
        JsonNode value = json.get("value");
        switch (type) {
            case "array": {
                List<Object> list = new ArrayList<>();
                for (JsonNode each : value) list.add(valueOf(null, each));
                return list;
            }
            case "map": {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (JsonNode each : value) map.put(valueOf(null, each.get(0)), valueOf(null, each.get(1)));
                return map;
            }
            case "date":
                return new java.util.Date(Long.parseLong(value.textValue()));
            case "decimal": {
                String[] parts = value.textValue().split("/");
                return new BigDecimal(new BigInteger(parts[0]), Integer.parseInt(parts[1]));
            }
            default:
                return primitiveOf(Schema.Type.valueOf(type.toUpperCase(Locale.ROOT)), value);
        }
    }

    // Into answers

    private static JsonNode schemaJson(Schema schema) {
        if (schema == null) return JSON.nullNode();
        ObjectNode json = JSON.objectNode();
        json.put("type", schema.type().getName());
        if (schema.isOptional()) json.put("optional", true);
        if (schema.name() != null) json.put("name", schema.name());
        if (schema.version() != null) json.put("version", schema.version());
        if (schema.doc() != null) json.put("doc", schema.doc());
        if (schema.parameters() != null) {
            ArrayNode parameters = json.putArray("parameters");
            schema.parameters().forEach((name, value) -> parameters.addArray().add(name).add(value));
        }
        if (schema.type() == Schema.Type.STRUCT) {
            ArrayNode fields = json.putArray("fields");
            for (Field field : schema.fields())
                fields.addObject().put("field", field.name()).set("schema", schemaJson(field.schema()));
        }
        if (schema.type() == Schema.Type.ARRAY && schema.valueSchema() != null)
            json.set("items", schemaJson(schema.valueSchema()));
        if (schema.type() == Schema.Type.MAP) {
            if (schema.keySchema() != null) json.set("keys", schemaJson(schema.keySchema()));
            if (schema.valueSchema() != null) json.set("values", schemaJson(schema.valueSchema()));
        }
        if (schema.defaultValue() != null) json.set("default", valueJson(schema, schema.defaultValue()));
        return json;
    }

    private static JsonNode valueJson(Schema schema, Object value) {
        if (value == null) return JSON.nullNode();
        if (schema == null) return untypedValueJson(value);
        if (value instanceof BigDecimal decimal)
            return JSON.textNode(decimal.unscaledValue() + "/" + decimal.scale());
        if (value instanceof java.util.Date date) return JSON.textNode(Long.toString(date.getTime()));
        switch (schema.type()) {
            case ARRAY: {
                ArrayNode list = JSON.arrayNode();
                for (Object each : (List<?>) value) list.add(valueJson(schema.valueSchema(), each));
                return list;
            }
            case MAP: {
                ArrayNode map = JSON.arrayNode();
                for (Map.Entry<?, ?> each : ((Map<?, ?>) value).entrySet())
                    map.addArray()
                        .add(valueJson(schema.keySchema(), each.getKey()))
                        .add(valueJson(schema.valueSchema(), each.getValue()));
                return map;
            }
            case STRUCT: {
                ArrayNode struct = JSON.arrayNode();
                for (Field field : schema.fields())
                    struct.add(valueJson(field.schema(), ((Struct) value).getWithoutDefault(field.name())));
                return struct;
            }
            default:
                return primitiveJson(value);
        }
    }

    private static JsonNode primitiveJson(Object value) {
        if (value instanceof Boolean bool) return JSON.booleanNode(bool);
        if (value instanceof Float number)
            return JSON.textNode(String.format("%08x", Float.floatToIntBits(number)));
        if (value instanceof Double number)
            return JSON.textNode(String.format("%016x", Double.doubleToLongBits(number)));
        if (value instanceof byte[] bytes)
            return JSON.textNode(Base64.getEncoder().encodeToString(bytes));
        if (value instanceof ByteBuffer buffer) return primitiveJson(buffer.array());
        return JSON.textNode(value.toString());
    }

    private static JsonNode untypedValueJson(Object value) {
        ObjectNode json = JSON.objectNode();
        if (value instanceof List<?> list) {
            ArrayNode each = json.put("type", "array").putArray("value");
            for (Object one : list) each.add(valueJson(null, one));
        } else if (value instanceof Map<?, ?> map) {
            ArrayNode each = json.put("type", "map").putArray("value");
            map.forEach((key, one) -> each.addArray().add(valueJson(null, key)).add(valueJson(null, one)));
        } else if (value instanceof java.util.Date date) {
            json.put("type", "date").put("value", Long.toString(date.getTime()));
        } else if (value instanceof BigDecimal decimal) {
            json.put("type", "decimal").put("value", decimal.unscaledValue() + "/" + decimal.scale());
        } else {
            Schema.Type type = org.apache.kafka.connect.data.ConnectSchema.schemaType(value.getClass());
            json.put("type", type.getName()).set("value", primitiveJson(value));
        }
        return json;
    }
}
