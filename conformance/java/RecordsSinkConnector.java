package io.sluice.conformance;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkConnector;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** Writes down all that it is given. What it takes is told by plugins/records-sink.ts. */
public class RecordsSinkConnector extends SinkConnector {
    private Map<String, String> settings;

    @Override
    public void start(Map<String, String> given) {
        settings = given;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return RecordsSinkTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maxTasks) {
        return java.util.Collections.nCopies(maxTasks, settings);
    }

    @Override
    public void stop() {}

    @Override
    public ConfigDef config() {
        ConfigDef.Importance low = ConfigDef.Importance.LOW;
        return new ConfigDef()
            .define("records.file", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "Records.")
            .define("fail.on", ConfigDef.Type.STRING, "", low, "Text of a value to fail on.")
            .define("fail.with", ConfigDef.Type.STRING, "fatal", low, "How.")
            .define("fail.times", ConfigDef.Type.INT, -1, low, "How often; -1: always.");
    }

    @Override
    public String version() {
        return "1.0.0";
    }

    public static class RecordsSinkTask extends SinkTask {
        private final RecordsJson json = new RecordsJson();
        private String file;
        private String failOn;
        private String failWith;
        private int failuresLeft;

        @Override
        public String version() {
            return "1.0.0";
        }

        @Override
        public void start(Map<String, String> settings) {
            file = settings.get("records.file");
            failOn = settings.getOrDefault("fail.on", "");
            failWith = settings.getOrDefault("fail.with", "fatal");
            failuresLeft = Integer.parseInt(settings.getOrDefault("fail.times", "-1"));
        }

        @Override
        public void put(Collection<SinkRecord> records) {
            StringBuilder lines = new StringBuilder();
            for (SinkRecord record : records)
                if (!isFailing(record)) lines.append(lineOf(record)).append('\n');
            if (lines.length() > 0) RecordsJson.append(file, lines.toString());
        }

        /** Throws, or reports the record, before anything of the batch is written. */
        private boolean isFailing(SinkRecord record) {
            String value = json.text(record.valueSchema(), record.value());
            if (failOn.isEmpty() || value == null || !value.contains(failOn)) return false;
            if (failuresLeft == 0) return false;
            if (failuresLeft > 0) failuresLeft -= 1;
            if (failWith.equals("retriable")) {
                context.timeout(100);
                throw new RetriableException("the sink is away");
            }
            if (failWith.equals("fatal")) throw new ConnectException("the sink refuses " + failOn);
            ErrantRecordReporter reporter = context.errantRecordReporter();
            if (reporter == null) throw new ConnectException("there is no reporter");
            try {
                reporter.report(record, new DataException("the sink refuses " + failOn)).get();
            } catch (InterruptedException | ExecutionException error) {
                throw new ConnectException(error);
            }
            return true;
        }

        private String lineOf(SinkRecord record) {
            ObjectNode line = RecordsJson.MAPPER.createObjectNode();
            line.put("topic", record.topic());
            line.put("partition", record.kafkaPartition());
            line.put("offset", record.kafkaOffset());
            line.put("timestamp", record.timestamp());
            line.put("key", json.text(record.keySchema(), record.key()));
            line.put("value", json.text(record.valueSchema(), record.value()));
            ArrayNode headers = line.putArray("headers");
            for (Header header : record.headers())
                headers.addArray().add(header.key()).add(json.text(header.schema(), header.value()));
            line.putObject("original")
                .put("topic", record.originalTopic())
                .put("partition", record.originalKafkaPartition())
                .put("offset", record.originalKafkaOffset());
            return line.toString();
        }

        @Override
        public void stop() {}
    }
}
