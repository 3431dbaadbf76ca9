import os

# ONNX Runtime, which runs the voice detector, tells its makers of each process, by default and from its import on.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# NumPy's threads for the log-mel spin while they wait: a third of the time of a worker on two cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
