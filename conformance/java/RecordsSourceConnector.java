package io.sluice.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.source.SourceConnector;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/** Hands over the records that a file describes. What it takes is told by plugins/records-source.ts. */
public class RecordsSourceConnector extends SourceConnector {
    private Map<String, String> settings;

    @Override
    public void start(Map<String, String> given) {
        settings = given;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return RecordsSourceTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maxTasks) {
        return List.of(settings);
    }

    @Override
    public void stop() {}

    @Override
    public ConfigDef config() {
        return new ConfigDef()
            .define("records.file", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "Records.")
            .define("commits.file", ConfigDef.Type.STRING, "", ConfigDef.Importance.LOW, "Told.");
    }

    @Override
    public String version() {
        return "1.0.0";
    }

    public static class RecordsSourceTask extends SourceTask {
        private final RecordsJson json = new RecordsJson();
        private List<String> lines;
        private Map<String, String> partition;
        private String commits;
        private int next;
        private int failures;

        @Override
        public String version() {
            return "1.0.0";
        }

        @Override
        public void start(Map<String, String> settings) {
            String file = settings.get("records.file");
            commits = settings.getOrDefault("commits.file", "");
            partition = Map.of("file", file);
            Map<String, Object> offset = context.offsetStorageReader().offset(partition);
            next = offset == null ? 0 : ((Number) offset.get("line")).intValue();
            try {
                lines = Files.readAllLines(Path.of(file));
            } catch (IOException error) {
                throw new ConnectException(error);
            }
        }

        @Override
        public List<SourceRecord> poll() throws InterruptedException {
            List<SourceRecord> records = new ArrayList<>();
            while (next < lines.size()) {
                JsonNode line = read(lines.get(next));
                if (line.has("fail")) {
                    if (!records.isEmpty()) return records;
                    failOn(line);
                    next += 1;
                    continue;
                }
                next += 1;
                records.add(recordOf(line));
            }
            if (records.isEmpty()) Thread.sleep(50);
            return records;
        }

        private void failOn(JsonNode line) {
            if (line.get("fail").textValue().equals("fatal"))
                throw new ConnectException("the source failed");
            failures += 1;
            if (failures <= line.get("times").intValue())
                throw new RetriableException("the source is away");
        }

        private SourceRecord recordOf(JsonNode line) {
            SchemaAndValue key = json.data(line.get("key"));
            SchemaAndValue value = json.data(line.get("value"));
            ConnectHeaders headers = new ConnectHeaders();
            for (JsonNode header : line.path("headers"))
                headers.add(header.get(0).textValue(), json.data(header.get(1)));
            return new SourceRecord(
                partition,
                Map.of("line", (long) next),
                line.get("topic").textValue(),
                line.has("partition") ? Integer.valueOf(line.get("partition").intValue()) : null,
                key.schema(),
                key.value(),
                value.schema(),
                value.value(),
                line.has("timestamp") ? Long.valueOf(line.get("timestamp").longValue()) : null,
                headers);
        }

        @Override
        public void commitRecord(SourceRecord record, RecordMetadata metadata) {
            if (commits.isEmpty()) return;
            ObjectNode told = RecordsJson.MAPPER.createObjectNode();
            told.put("line", ((Number) record.sourceOffset().get("line")).longValue());
            told.put("acknowledged", metadata != null);
            RecordsJson.append(commits, told + "\n");
        }

        @Override
        public void stop() {}

        private static JsonNode read(String line) {
            try {
                return RecordsJson.MAPPER.readTree(line);
            } catch (IOException error) {
                throw new ConnectException(error);
            }
        }
    }
}
