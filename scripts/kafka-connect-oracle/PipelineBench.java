import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Kafka Connect's own converters and transforms at what `npm run bench -- pipeline` measures: a job as JSON on
 * stdin, its answer as JSON on stdout. What a worker does around them for each record (retries, metrics, the
 * producer) is left out: it is the classes alone.
 */
@SuppressWarnings({"rawtypes", "unchecked"})
public class PipelineBench {
    private final JsonNode job;
    private final String topic;
    private final long timestamp;
    private final Converter keys;
    private final Converter values;
    private final List<Transformation> transforms = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        JsonNode job = mapper.readTree(System.in);
        // Logging must not come before the answer.
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        System.setOut(System.err);
        out.println(mapper.writeValueAsString(new PipelineBench(job).answer(mapper)));
        out.flush();
    }

    private PipelineBench(JsonNode job) throws Exception {
        this.job = job;
        topic = job.get("topic").textValue();
        timestamp = job.get("timestampMs").longValue();
        keys = configured("key.converter");
        values = configured("value.converter");
        for (String alias : job.get("config").path("transforms").asText("").split(","))
            if (!alias.isEmpty()) transforms.add(transformation("transforms." + alias + "."));
    }

    private Converter configured(String key) throws Exception {
        Converter converter = (Converter) create(job.get("config").get(key).textValue());
        converter.configure(settings(key + "."), key.startsWith("key"));
        return converter;
    }

    private Transformation transformation(String prefix) throws Exception {
        Map<String, String> settings = settings(prefix);
        Transformation transformation = (Transformation) create(settings.remove("type"));
        transformation.configure(settings);
        return transformation;
    }

    private static Object create(String name) throws Exception {
        return Class.forName(name).getDeclaredConstructor().newInstance();
    }

    private Map<String, String> settings(String prefix) {
        Map<String, String> settings = new HashMap<>();
        for (Map.Entry<String, JsonNode> each : job.get("config").properties())
            if (each.getKey().startsWith(prefix))
                settings.put(each.getKey().substring(prefix.length()), each.getValue().textValue());
        return settings;
    }

    private ObjectNode answer(ObjectMapper mapper) throws Exception {
        List<byte[]> written = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(job.get("file").textValue())))
            written.add(line.getBytes(StandardCharsets.UTF_8));
        boolean isSource = job.get("direction").textValue().equals("source");
        return isSource ? answerOfSource(mapper, polled(written)) : answerOfSink(mapper, written);
    }

    // Source: values to bytes

    private List<SourceRecord> polled(List<byte[]> written) {
        List<SourceRecord> polled = new ArrayList<>();
        for (byte[] bytes : written) {
            SchemaAndValue data = values.toConnectData(topic, bytes);
            polled.add(new SourceRecord(
                Map.of("table", topic), Map.of("seqno", polled.size()), topic, null, null, null,
                data.schema(), data.value(), timestamp));
        }
        return polled;
    }

    private ObjectNode answerOfSource(ObjectMapper mapper, List<SourceRecord> polled) {
        ObjectNode answer = mapper.createObjectNode();
        ArrayNode results = answer.putArray("results");
        for (SourceRecord each : polled.subList(0, job.get("compared").intValue()))
            results.add(text(produced(each).value()));
        measure(answer, polled, this::produced);
        return answer;
    }

    private ProducerRecord<byte[], byte[]> produced(SourceRecord polled) {
        ConnectRecord record = transformed(polled);
        RecordHeaders headers = new RecordHeaders();
        byte[] key = keys.fromConnectData(topic, headers, record.keySchema(), record.key());
        byte[] value = values.fromConnectData(topic, headers, record.valueSchema(), record.value());
        return new ProducerRecord<>(topic, null, record.timestamp(), key, value, headers);
    }

    // Sink: bytes to values

    private ObjectNode answerOfSink(ObjectMapper mapper, List<byte[]> written) {
        ObjectNode answer = mapper.createObjectNode();
        ArrayNode results = answer.putArray("results");
        for (byte[] each : written.subList(0, job.get("compared").intValue())) {
            ConnectRecord record = consumed(each);
            results.add(text(values.fromConnectData(topic, record.valueSchema(), record.value())));
        }
        measure(answer, written, this::consumed);
        return answer;
    }

    private ConnectRecord consumed(byte[] bytes) {
        RecordHeaders headers = new RecordHeaders();
        SchemaAndValue key = keys.toConnectData(topic, headers, null);
        SchemaAndValue value = values.toConnectData(topic, headers, bytes);
        return transformed(new SinkRecord(
            topic, 0, key.schema(), key.value(), value.schema(), value.value(), 0, timestamp,
            TimestampType.CREATE_TIME, new ConnectHeaders()));
    }

    private ConnectRecord transformed(ConnectRecord record) {
        ConnectRecord current = record;
        for (Transformation each : transforms) current = each.apply(current);
        return current;
    }

    private interface Step<T> {
        Object apply(T element);
    }

    private <T> void measure(ObjectNode answer, List<T> all, Step<T> step) {
        int batch = job.get("batch").intValue();
        long warmUp = job.get("warmUpMs").longValue() * 1_000_000;
        long window = job.get("measureMs").longValue() * 1_000_000;
        long firstNs = System.nanoTime();
        long begunNs = 0;
        long begunCpu = 0;
        long records = 0;
        for (int at = 0; ; at = at + batch >= all.size() ? 0 : at + batch) {
            List<Object> results = new ArrayList<>(batch);
            for (T each : all.subList(at, Math.min(at + batch, all.size()))) results.add(step.apply(each));
            long now = System.nanoTime();
            if (begunNs > 0) {
                records += results.size();
                if (now - begunNs >= window) {
                    ObjectNode sample = answer.putObject("sample");
                    sample.put("records", records);
                    sample.put("seconds", (now - begunNs) / 1e9);
                    sample.put("cpuSeconds", (cpuNs() - begunCpu) / 1e9);
                    return;
                }
            } else if (now - firstNs >= warmUp) {
                begunNs = now;
                begunCpu = cpuNs();
            }
        }
    }

    private static long cpuNs() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime();
    }

    private static String text(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
