"""Costly work on other machines: tasks of `pipeline.runner` by Dask distributed, the extra `onrecord[cluster]`.

    runner.py        the runner: gives tasks to a scheduler, and takes over what comes of them
    perform.py       the other end: does one task on the worker, by child processes there
    store.py         where files lie between the two, named by what is in them
    waiting.py       for how long a run waits for workers that are not there
    connection.py    addresses, TLS, certificates; a cluster of one's own on this machine

Audio travels through the store, never through the scheduler. What is finished lies in the store by the key of its
task, so that it is not done again however a run, a worker or the scheduler ended. What is true is the stamps of the
show, not what a scheduler remembers.
"""
