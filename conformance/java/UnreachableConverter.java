package io.sluice.conformance;

import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.storage.Converter;

/** As one with a Schema Registry that is away: whatever it is asked, it says to try again. */
public class UnreachableConverter implements Converter {
    @Override
    public void configure(Map<String, ?> settings, boolean isKey) {}

    @Override
    public ConfigDef config() {
        return new ConfigDef();
    }

    @Override
    public byte[] fromConnectData(String topic, Schema schema, Object value) {
        throw new RetriableException("the registry is away");
    }

    @Override
    public SchemaAndValue toConnectData(String topic, byte[] value) {
        throw new RetriableException("the registry is away");
    }
}
