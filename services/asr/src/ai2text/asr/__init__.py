import os

# ONNX Runtime, which runs the voice detector, tells its makers of each process, by default and from its import on.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
