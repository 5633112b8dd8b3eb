import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * Java's own client, with which Strimzi's operator and others ask. It offers HTTP/2 with each request, as an upgrade.
 * Arguments: url, name, file, topic. Ends with 0 if all is right.
 */
public class HttpClientProgram {
    private static final HttpClient client =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private static String base;

    public static void main(String[] args) throws Exception {
        base = args[0];
        String path = "/connectors/" + args[1];
        String string = "org.apache.kafka.connect.storage.StringConverter";
        String config = "{\"connector.class\":\"FileStreamSource\",\"file\":\"" + args[2]
            + "\",\"topic\":\"" + args[3] + "\",\"key.converter\":\"" + string
            + "\",\"value.converter\":\"" + string + "\"}";
        expect(404, ask("GET", path, null));
        expect(201, ask("PUT", path + "/config", config));
        until(path + "/status", body -> body.split("\"RUNNING\"", -1).length == 3);
        expect(200, ask("PUT", path + "/config", config));
        expect(200, ask("GET", "/connector-plugins", null));
        expect(200, ask("PUT", "/connector-plugins/FileStreamSource/config/validate", config));
        expect(200, ask("GET", "/admin/loggers", null));
        expect(200, ask("PUT", "/admin/loggers/org.example.upgrading", "{\"level\":\"WARN\"}"));
        expect(202, ask("POST", path + "/restart?includeTasks=true&onlyFailed=false", null));
        until(path + "/status", body -> body.split("\"RUNNING\"", -1).length == 3);
        expect(204, ask("POST", path + "/tasks/0/restart", null));
        expect(202, ask("PUT", path + "/pause", null));
        until(path + "/status", body -> body.split("\"PAUSED\"", -1).length == 3);
        expect(204, ask("PUT", path + "/stop", null));
        until(path + "/status", body -> body.contains("\"STOPPED\"") && body.contains("\"tasks\":[]"));
        String offsets = "{\"offsets\":[{\"partition\":{\"filename\":\"" + args[2]
            + "\"},\"offset\":{\"position\":4}}]}";
        expect(200, ask("PATCH", path + "/offsets", offsets));
        String read = expect(200, ask("GET", path + "/offsets", null));
        if (!read.contains("\"position\":4")) throw new AssertionError(read);
        expect(200, ask("DELETE", path + "/offsets", null));
        expect(204, ask("DELETE", path, null));
    }

    /** Asked again while workers of Kafka Connect agree on who does what. */
    private static HttpResponse<String> ask(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
            .timeout(Duration.ofSeconds(20))
            .setHeader("Accept", "application/json")
            .setHeader("Content-Type", "application/json")
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build();
        for (int attempt = 0; ; attempt += 1) {
            HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
            boolean isBusy = response.statusCode() == 409 || response.body().contains("zombie");
            if (!isBusy || attempt == 100) return response;
            Thread.sleep(200);
        }
    }

    private static String expect(int status, HttpResponse<String> response) {
        if (response.statusCode() == status) return response.body();
        throw new AssertionError(
            response.request() + " is not " + status + " but " + response.statusCode() + ": " + response.body());
    }

    private static void until(String path, Predicate<String> holds) throws Exception {
        for (int attempt = 0; attempt < 200; attempt += 1) {
            if (holds.test(ask("GET", path, null).body())) return;
            Thread.sleep(200);
        }
        throw new AssertionError("not within 40 s: " + ask("GET", path, null).body());
    }
}
