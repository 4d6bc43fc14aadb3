"""Projects by FastAPI, SQLAlchemy with asyncio, PyJWT, and a dict or pycasbin.

BIND=127.0.0.1:8001 DATABASE_URL=sqlite:///absolute/path JWT_SECRET=… MEMBERS=<user>:<tenant>:admin \
    PERMISSIONS=dict python benches/peers/fastapi_app.py

or with PERMISSIONS=casbin POLICIES=1000.
"""

import os
import sys
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import UUID

import jwt
import permissions
import projects
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from projects import Project
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

SECRET = os.environ["JWT_SECRET"]
DECIDE = {"dict": permissions.by_dict, "casbin": permissions.by_casbin}


@asynccontextmanager
async def lifespan(app):
    url = projects.url(sqlite="sqlite+aiosqlite", postgres="postgresql+asyncpg")
    engine = create_async_engine(url, pool_size=10, max_overflow=0)
    projects.prepare(engine.sync_engine)
    yield {
        "sessions": async_sessionmaker(engine, expire_on_commit=False),
        "allows": DECIDE[os.environ["PERMISSIONS"]](),
    }
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


class Caller(NamedTuple):
    user: UUID
    tenant: UUID


async def authenticated(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Caller:
    try:
        claims = jwt.decode(
            credentials.credentials,
            SECRET,
            algorithms=["HS256"],
            options={"require": ["exp", "sub", "tid"]},
        )
        return Caller(UUID(claims["sub"]), UUID(claims["tid"]))
    except (jwt.InvalidTokenError, ValueError, AttributeError):
        raise HTTPException(401, "the token is not valid", {"WWW-Authenticate": "Bearer"}) from None


async def tenant_of(caller: Annotated[Caller, Depends(authenticated)]) -> UUID:
    return caller.tenant


def may(permission: str):
    async def check(request: Request, caller: Annotated[Caller, Depends(authenticated)]) -> None:
        if not request.state.allows(caller.user, caller.tenant, permission):
            raise HTTPException(403, f"`{permission}` is needed")

    return Depends(check)


async def session_of(request: Request):
    async with request.state.sessions() as session:
        yield session


Tenant = Annotated[UUID, Depends(tenant_of)]
Session = Annotated[AsyncSession, Depends(session_of)]


class CreateProject(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)


class ProjectView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    archived: bool
    version: int
    created_at: datetime
    updated_at: datetime


class ProjectPage(BaseModel):
    items: list[ProjectView]


@app.get("/projects/{id}", response_model=ProjectView, dependencies=[may("projects:read")])
async def show(id: UUID, tenant: Tenant, session: Session):
    query = select(Project).where(Project.tenant_id == tenant, Project.id == id)
    project = await session.scalar(query)
    if project is None:
        raise HTTPException(404, "there is no such project")
    return project


@app.get("/projects", response_model=ProjectPage, dependencies=[may("projects:read")])
async def newest(tenant: Tenant, session: Session, limit: Annotated[int, Query(ge=1, le=100)] = 20):
    query = select(Project).where(Project.tenant_id == tenant).order_by(Project.id.desc()).limit(limit)
    return {"items": (await session.scalars(query)).all()}


@app.post("/projects", status_code=201, response_model=ProjectView, dependencies=[may("projects:write")])
async def create(body: CreateProject, tenant: Tenant, session: Session):
    project = Project(tenant_id=tenant, name=body.name)
    session.add(project)
    await session.commit()
    return project


if __name__ == "__main__":
    host, _, port = os.environ["BIND"].rpartition(":")
    server = ["uvicorn", "--workers", "2", "--log-level", "warning", "--no-access-log"]
    place = ["--host", host, "--port", port, "--app-dir", str(Path(__file__).parent)]
    os.execv(sys.executable, [sys.executable, "-m", *server, *place, "fastapi_app:app"])
