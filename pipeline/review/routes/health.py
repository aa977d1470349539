"""Whether the desk is up, for whatever watches over it."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text

from pipeline.domain.errors import StoreError
from pipeline.review.visitor import desk_of

router = APIRouter()


@router.get("/healthz")
def health(request: Request) -> JSONResponse:
    """200 where the database answers, else 503; says nothing else, since nobody has to log in for it."""
    try:
        with desk_of(request).database.reading() as connection:
            connection.execute(text("SELECT 1"))
    except StoreError:
        return JSONResponse({"status": "database away"}, 503)
    return JSONResponse({"status": "ok"})
