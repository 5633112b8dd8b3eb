import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.sourcelab.kafka.connect.apiclient.Configuration;
import org.sourcelab.kafka.connect.apiclient.KafkaConnectClient;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorDefinition;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorPlugin;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorPluginConfigDefinition;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorPluginConfigValidationResults;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorStatus;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorsWithExpandedMetadata;
import org.sourcelab.kafka.connect.apiclient.request.dto.NewConnectorDefinition;
import org.sourcelab.kafka.connect.apiclient.rest.exceptions.InvalidRequestException;
import org.sourcelab.kafka.connect.apiclient.rest.exceptions.ResourceNotFoundException;

/** Calls all that AKHQ calls. Arguments: url, name, file, topic. Ends with 0 if all is right. */
public class KafkaConnectClientProgram {
    private static KafkaConnectClient client;

    public static void main(String[] args) throws Exception {
        String name = args[1];
        String topic = args[3];
        client = new KafkaConnectClient(new Configuration(args[0]));
        String string = "org.apache.kafka.connect.storage.StringConverter";
        Map<String, String> config = new HashMap<>(Map.of(
            "connector.class", "FileStreamSource", "file", args[2], "topic", topic,
            "key.converter", string, "value.converter", string));
        check(client.getConnectServerVersion().getVersion().matches("\\d+\\.\\d+.*"), "version");

        expectNotFound(name);
        ConnectorDefinition created = client.addConnector(new NewConnectorDefinition(name, config));
        check(created.getName().equals(name) && created.getType().equals("source"), created);
        check(created.getTasks().isEmpty(), created);
        untilStates(name, "RUNNING", List.of("RUNNING"));

        Map<String, String> named = new HashMap<>(config);
        named.put("name", name);
        check(client.getConnectorConfig(name).equals(named), client.getConnectorConfig(name));
        check(client.getConnector(name).getConfig().equals(named), client.getConnector(name));
        check(client.getConnectors().contains(name), "list");
        ConnectorsWithExpandedMetadata all = client.getConnectorsWithAllExpandedMetadata();
        check(all.getDefinitionForConnector(name).getConfig().equals(named), all);
        check(all.getStatusForConnector(name).getConnector().get("state").equals("RUNNING"), all);

        named.put("batch.size", "7");
        check(client.updateConnectorConfig(name, named).getConfig().equals(named), "update");
        untilStates(name, "RUNNING", List.of("RUNNING"));
        check(client.getConnectorTasks(name).size() == 1, "tasks");
        check(client.getConnectorTaskStatus(name, 0).getState().equals("RUNNING"), "task");
        check(client.pauseConnector(name), "pause");
        untilStates(name, "PAUSED", List.of("PAUSED"));
        check(client.resumeConnector(name), "resume");
        untilStates(name, "RUNNING", List.of("RUNNING"));
        check(client.restartConnector(name), "restart");
        untilStates(name, "RUNNING", List.of("RUNNING"));
        check(client.restartConnectorTask(name, 0), "restart of a task");
        untilStates(name, "RUNNING", List.of("RUNNING"));
        check(client.stopConnector(name), "stop");
        untilStates(name, "STOPPED", List.of());
        check(client.resumeConnector(name), "resume from STOPPED");
        untilStates(name, "RUNNING", List.of("RUNNING"));

        until("its topic", () -> client.getConnectorTopics(name).getTopics().equals(List.of(topic)));
        check(client.resetConnectorTopics(name), "reset of topics");
        validateAll();
        expectConflict(name, config);
        check(client.deleteConnector(name), "delete");
        until("gone", () -> !client.getConnectors().contains(name));
    }

    /** As AKHQ does to list plugins: each with nothing but its class, and topics of no meaning. */
    private static void validateAll() {
        Collection<ConnectorPlugin> plugins = client.getConnectorPlugins();
        check(plugins.size() >= 2, plugins);
        Set<String> types = Set.of(
            "BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD");
        for (ConnectorPlugin plugin : plugins) {
            String name = plugin.getClassName();
            Map<String, String> config = Map.of("connector.class", name, "topics", "getPlugins");
            ConnectorPluginConfigValidationResults results = client.validateConnectorPluginConfig(
                new ConnectorPluginConfigDefinition(name.substring(name.lastIndexOf('.') + 1), config));
            check(results.getErrorCount() > 0, results);
            check(results.getName().equals(name), results);
            check(results.getConfigs().stream().allMatch(
                each -> types.contains(each.getDefinition().getType())), results);
        }
    }

    private static void expectNotFound(String name) {
        try {
            client.getConnector(name);
        } catch (ResourceNotFoundException error) {
            check(error.getMessage().contains("Connector " + name + " not found"), error);
            return;
        }
        throw new AssertionError("404 is not told");
    }

    private static void expectConflict(String name, Map<String, String> config) {
        try {
            client.addConnector(new NewConnectorDefinition(name, config));
        } catch (InvalidRequestException error) {
            check(error.getErrorCode() == 409, error);
            return;
        } catch (RuntimeException error) {
            check(error.getMessage().contains("already exists"), error);
            return;
        }
        throw new AssertionError("409 is not told");
    }

    private static void untilStates(String name, String state, List<String> tasks) throws InterruptedException {
        until(name + " to be " + state, () -> {
            ConnectorStatus status;
            try {
                status = client.getConnectorStatus(name);
            } catch (ResourceNotFoundException error) {
                // For a moment after it was created, Kafka Connect has no status of it.
                return false;
            }
            return state.equals(status.getConnector().get("state"))
                && status.getTasks().stream().map(each -> each.getState()).toList().equals(tasks);
        });
    }

    private static void until(String what, BooleanSupplier holds) throws InterruptedException {
        long deadline = System.nanoTime() + 40_000_000_000L;
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > deadline) throw new AssertionError("not within 40 s: " + what);
            Thread.sleep(200);
        }
    }

    private static void check(boolean holds, Object what) {
        if (!holds) throw new AssertionError(String.valueOf(what));
    }
}
