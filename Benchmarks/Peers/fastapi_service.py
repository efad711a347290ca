"""Events of accounts behind FastAPI, kept by eventsourcing in SQLite: uvicorn fastapi_service:app, with SQLITE_DBNAME.

WAL mode with SQLite's own default of synchronous, FULL, as eventsourcing leaves it: each commit is synced.
"""

from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from fastapi import FastAPI
from pydantic import BaseModel


class Account(Aggregate):
    @event("MoneyDeposited")
    def __init__(self, data: dict):
        self.data = data


class Bank(Application):
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite"}


class Deposit(BaseModel):
    aggregator_type: str
    name: str
    data: dict


app = FastAPI()
bank = Bank()


@app.post("/events", status_code=201)
def write(deposit: Deposit) -> dict[str, UUID]:
    account = Account(deposit.data)
    bank.save(account)
    return {"id": account.id}
