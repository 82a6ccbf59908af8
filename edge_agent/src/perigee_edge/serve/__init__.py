"""The inference server: one model, its golden set, the Open Inference Protocol v2 over HTTP.

From the outside in, each knowing only what stands to its right::

    command -> lifecycle -> app -> inference -> batching -> engine
                                             -> protocol -> tensors

`app` is the only module that knows HTTP, `engine` the only one that knows what computes.
"""
