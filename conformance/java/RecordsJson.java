package io.sluice.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;

/** Data as text: what JsonConverter makes of it with its schema. Null stands for null without a schema. */
final class RecordsJson {
    static final ObjectMapper MAPPER = new ObjectMapper();
    private final JsonConverter converter = new JsonConverter();

    RecordsJson() {
        converter.configure(Map.of("schemas.enable", "true"), false);
    }

    SchemaAndValue data(JsonNode text) {
        if (text == null || text.isNull()) return SchemaAndValue.NULL;
        return converter.toConnectData("", text.textValue().getBytes(StandardCharsets.UTF_8));
    }

    String text(Schema schema, Object value) {
        byte[] bytes = converter.fromConnectData("", schema, value);
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    static void append(String file, String text) {
        try {
            Files.writeString(
                Path.of(file), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
