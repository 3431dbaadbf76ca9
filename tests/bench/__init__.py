import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the asr service has it: for what it is compared with, too
