package io.sluice.conformance;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** As ProbeSourceConnector, with one task of a sink. */
public class ProbeSinkConnector extends SinkConnector {
    private Map<String, String> settings;

    @Override
    public void start(Map<String, String> given) {
        settings = given;
        ProbeSourceConnector.at(settings, "connector start");
    }

    @Override
    public Class<? extends Task> taskClass() {
        return ProbeSinkTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maxTasks) {
        return Collections.singletonList(settings);
    }

    @Override
    public void stop() {
        ProbeSourceConnector.at(settings, "connector stop");
    }

    @Override
    public ConfigDef config() {
        return ProbeSourceConnector.definition();
    }

    @Override
    public String version() {
        return "1.0.0";
    }

    public static class ProbeSinkTask extends SinkTask {
        private Map<String, String> settings;

        @Override
        public String version() {
            return "1.0.0";
        }

        @Override
        public void start(Map<String, String> given) {
            settings = given;
            ProbeSourceConnector.at(settings, "task 0 start");
        }

        @Override
        public void put(Collection<SinkRecord> records) {}

        @Override
        public void stop() {
            ProbeSourceConnector.at(settings, "task 0 stop");
        }
    }
}
