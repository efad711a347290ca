"""Kills gateways under load, again and again."""

import contextlib
import shutil
import sqlite3
import time
from random import Random

from failover.stores import ServerStore

from .scene import Broken, Scene, working_folder

# Planted defects, and what must find them.
DEFECTS = {
    "OlderFile": "every confirmed write is in the log once",
    "OlderSubscriber": "no subscriber is behind the cursor that was confirmed",
    "OlderSnapshot": "every snapshot is the confirmed one, or a newer one",
}
SHORT_ROUNDS = 8


def run(options):
    with working_folder(options) as folder, contextlib.ExitStack() as cleanup:
        database, gateways, server = str(folder / "events.sqlite"), 1, None
        if options.postgresql:
            server = ServerStore(folder)
            cleanup.callback(server.stop)
            server.start()
            database, gateways = server.database, 3
        scene = cleanup.enter_context(Scene(options, folder, database, gateways))
        random = Random(options.seed)
        rounds = 2 if options.defect else options.rounds or SHORT_ROUNDS
        try:
            for number in range(rounds):
                time.sleep(random.uniform(0.1, 0.8))
                if options.defect and number == rounds // 2:
                    plant(options.defect, scene, database)
                if number % 10 == 9:
                    # New names from time to time.
                    scene.load.epoch = str(number)
                if server and number % 4 == 3:
                    server.kill_server()
                    continue
                scene.kill()
                scene.start()
                if number % 20 == 19:
                    print(f"{number + 1} kills, {len(scene.load.writes)} writes", flush=True)
            figures = scene.finish()
        except Broken:
            figures = {}
        return scene.results, {"kills": rounds} | figures


def plant(defect, scene, database):
    if defect == "OlderFile":
        older = database + ".older"
        with sqlite3.connect(database) as source, sqlite3.connect(older) as copy:
            source.backup(copy)
        source.close()
        copy.close()
        time.sleep(0.3)
        scene.kill()
        for suffix in ("-wal", "-shm"):
            (scene.folder / f"events.sqlite{suffix}").unlink(missing_ok=True)
        shutil.move(older, database)
    else:
        scene.kill()
        with sqlite3.connect(database) as connection:
            table = "subscriber" if defect == "OlderSubscriber" else "snapshot"
            connection.execute(f"DELETE FROM {table}")
        connection.close()
    scene.start()
