"""Open Inference Protocol v2, REST with the binary tensor data extension: bytes to arrays and back.

Pure: no socket, no clock, no engine. Sources:
https://github.com/kserve/open-inference-protocol (specification/protocol/inference_rest.md) and
https://github.com/triton-inference-server/server (docs/protocol/extension_binary_data.md).
"""
