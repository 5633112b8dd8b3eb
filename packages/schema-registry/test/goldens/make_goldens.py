"""Writes golden.avro and golden.binpb with other people's encoders: fastavro 1.13.1, and protoc of grpcio-tools.

Values as in ../golden-cases.ts. Run it in this folder, with both installed.
"""
import datetime
import decimal
import json
import pathlib

import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from grpc_tools import protoc
import grpc_tools

here = pathlib.Path(__file__).parent
utc = datetime.timezone.utc

value = {
    "flag": True, "tiny": -7, "number": -123456, "big": 2**62 + 1, "single": 1.5, "double": -0.1,
    "text": "größe 🙂", "raw": bytes([0, 255, 7]), "nothing": None, "something": 0,
    "price": decimal.Decimal("-123.45"), "day": datetime.date(2024, 2, 29),
    "time": datetime.time(12, 34, 56, 789000), "at": datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, utc),
    "list": [0, 1, -1, 300], "words": ["a", ""], "counts": {"one": 1}, "nested": {"id": 5, "empty": ""},
}
schema = json.loads((here / "golden.avsc").read_text())
with open(here / "golden.avro", "wb") as out:
    fastavro.schemaless_writer(out, schema, value)

text = """
flag: true tiny: -7 number: -123456 big: 4611686018427387905 single: 1.5 double: -0.1
text: "größe 🙂" raw: "\\000\\377\\007" something: 0
price { value: "\\317\\307" precision: 5 scale: 2 }
day { year: 2024 month: 2 day: 29 }
time { hours: 12 minutes: 34 seconds: 56 nanos: 789000000 }
at { seconds: -1 nanos: 999000000 }
list: [0, 1, -1, 300] words: "a" words: ""
counts { key: "one" value: 1 }
nested { id: 5 }
"""
known = here / "known"
descriptors = here / "golden.desc"
protoc.main(["protoc", f"-I{here}", f"-I{known}", f"-I{pathlib.Path(grpc_tools.__file__).parent / '_proto'}",
             "--include_imports", f"--descriptor_set_out={descriptors}", str(here / "golden.proto")])
files = descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes())
descriptors.unlink()
pool = descriptor_pool.DescriptorPool()
for file in files.file:
    pool.Add(file)
golden = message_factory.GetMessageClass(pool.FindMessageTypeByName("com.acme.Golden"))
message = text_format.Parse(text, golden())
(here / "golden.binpb").write_bytes(message.SerializeToString(deterministic=True))
