package io.sluice.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.SourceConnector;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/** Writes down what is called, and fails or blocks there. What it takes is told by plugins/probe-source.ts. */
public class ProbeSourceConnector extends SourceConnector {
    private Map<String, String> settings;

    @Override
    public void start(Map<String, String> given) {
        settings = given;
        at(settings, "connector start");
    }

    @Override
    public Class<? extends Task> taskClass() {
        return ProbeSourceTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maxTasks) {
        at(settings, "connector taskConfigs");
        String tasks = settings.getOrDefault("probe.tasks", "");
        int count = tasks.isEmpty() ? maxTasks : Integer.parseInt(tasks);
        List<Map<String, String>> configs = new ArrayList<>();
        for (int task = 0; task < count; task += 1) {
            Map<String, String> config = new HashMap<>(settings);
            config.put("probe.task", String.valueOf(task));
            configs.add(config);
        }
        return configs;
    }

    @Override
    public void stop() {
        at(settings, "connector stop");
    }

    @Override
    public Config validate(Map<String, String> given) {
        at(given, "connector validate");
        return super.validate(given);
    }

    @Override
    public ConfigDef config() {
        return definition();
    }

    static ConfigDef definition() {
        return new ConfigDef()
            .define("events.file", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "Calls.")
            .define("fail.at", ConfigDef.Type.LIST, "", ConfigDef.Importance.LOW, "Calls that fail.")
            .define("block.at", ConfigDef.Type.LIST, "", ConfigDef.Importance.LOW, "Calls that block.")
            .define("while.file", ConfigDef.Type.STRING, "", ConfigDef.Importance.LOW, "While it exists.")
            .define("probe.tasks", ConfigDef.Type.STRING, "", ConfigDef.Importance.LOW, "How many.");
    }

    @Override
    public String version() {
        return "1.0.0";
    }

    static void at(Map<String, String> settings, String call) {
        String events = settings.getOrDefault("events.file", "");
        // Whoever asked may be gone.
        if (!events.isEmpty() && Files.isDirectory(Path.of(events).getParent()))
            RecordsJson.append(events, call + "\n");
        if (isListed(settings, "block.at", call)) {
            while (isMeant(settings)) {
                try {
                    Thread.sleep(50);
                } catch (InterruptedException error) {
                    throw new ConnectException(error);
                }
            }
        }
        if (isListed(settings, "fail.at", call) && isMeant(settings))
            throw new ConnectException("the probe fails at " + call);
    }

    private static boolean isListed(Map<String, String> settings, String key, String call) {
        for (String each : settings.getOrDefault(key, "").split(","))
            if (each.trim().equals(call)) return true;
        return false;
    }

    private static boolean isMeant(Map<String, String> settings) {
        String file = settings.getOrDefault("while.file", "");
        return file.isEmpty() || Files.exists(Path.of(file));
    }

    public static class ProbeSourceTask extends SourceTask {
        private Map<String, String> settings;
        private String name;

        @Override
        public String version() {
            return "1.0.0";
        }

        @Override
        public void start(Map<String, String> given) {
            settings = given;
            name = "task " + settings.get("probe.task");
            at(settings, name + " start");
        }

        @Override
        public List<SourceRecord> poll() throws InterruptedException {
            Thread.sleep(50);
            return null;
        }

        @Override
        public void stop() {
            at(settings, name + " stop");
        }
    }
}
