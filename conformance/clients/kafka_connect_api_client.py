"""Uses kafka-connect-api as its documentation does. Arguments: url, name, file, topic. Ends with 0 if all is right."""

import sys
import time

from kafka_connect_api.errors import GenericNotFound
from kafka_connect_api.kafka_connect_api import Api, Cluster, Connector


def until(what, holds):
    deadline = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < deadline, f"not within 40 s: {what}"
        time.sleep(0.2)


def is_running(connector):
    """A connector of Kafka Connect has no status for a moment after it was created."""
    try:
        return connector.state == "RUNNING" and [task.is_running() for task in connector.tasks] == [True]
    except GenericNotFound:
        return False


url, name, file, topic = sys.argv[1:]
string = "org.apache.kafka.connect.storage.StringConverter"
config = {
    "connector.class": "FileStreamSource",
    "file": file,
    "topic": topic,
    "tasks.max": "1",
    "key.converter": string,
    "value.converter": string,
}
cluster = Cluster(Api(url=url))
assert cluster.version[0].isdigit(), cluster.version
assert cluster.kafka_cluster, "no kafka_cluster_id"

connector = Connector(cluster, name)
try:
    connector.exists()
    raise AssertionError("404 is not told")
except GenericNotFound as error:
    assert error.code == 404

connector.config = config
assert connector.exists()
until("RUNNING", lambda: is_running(connector))
assert connector.config == {**config, "name": name}, connector.config
assert connector.connector_class == "FileStreamSource"
assert name in cluster.connectors
assert connector.status["type"] == "source"

connector.pause()
until("PAUSED", lambda: connector.state == "PAUSED")
connector.resume()
until("RUNNING again", lambda: is_running(connector))
connector.restart()
until("RUNNING after a restart", lambda: is_running(connector))
connector.restart_all_tasks()
until("RUNNING after a restart of tasks", lambda: is_running(connector))
connector.cycle_connector()
until("RUNNING after a cycle", lambda: is_running(connector))

connector.config = {**config, "batch.size": 7}
assert connector.config["batch.size"] == "7"

level = cluster.root_logger["level"]
cluster.root_logger = level
assert cluster.loggers["root"]["level"] == level

connector.delete()
until("gone", lambda: name not in cluster.connectors)
