"""Celery on Redis with acks_late: tasks that do nothing. REDIS POSTGRES TASKS SINGLE; see README.md."""

import json
import os
import subprocess
import sys
import time

import redis
from celery import Celery

BROKER = os.environ.get("PEER_BROKER") or sys.argv[1]
app = Celery("celery_peer", broker=BROKER)
app.conf.update(task_acks_late=True, task_ignore_result=True, worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)
server = redis.Redis.from_url(BROKER)


@app.task(name="single")
def single(sent):
    server.rpush("starts", (time.time() - sent) * 1e3)


@app.task(name="nothing")
def nothing():
    pass


def start_worker():
    command = [sys.executable, "-m", "celery", "-A", "celery_peer", "worker", "--concurrency", "2", "--loglevel", "ERROR", "--without-gossip",
               "--without-mingle"]
    environment = {**os.environ, "PEER_BROKER": BROKER, "PYTHONPATH": os.path.dirname(os.path.abspath(__file__)), "C_FORCE_ROOT": "1"}
    return subprocess.Popen(command, env=environment, stdout=sys.stderr)


def stop(worker):
    worker.terminate()
    worker.wait()


def main():
    tasks, count = int(sys.argv[3]), int(sys.argv[4])
    server.flushdb()
    worker = start_worker()
    waits = []
    for number in range(count + 20):
        single.delay(time.time())
        waits.append(float(server.blpop("starts", timeout=60)[1]))
        time.sleep(0.02)
    stop(worker)
    waits = sorted(waits[20:])

    for _ in range(tasks):
        nothing.delay()
    worker = start_worker()
    while server.llen("celery") == tasks:
        time.sleep(0.001)
    begin = time.time()
    while server.llen("celery") or server.hlen("unacked"):
        time.sleep(0.005)
    seconds = time.time() - begin
    stop(worker)
    print(json.dumps({"p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)], "throughput": tasks / seconds}))


if __name__ == "__main__":
    main()
