"""Projects by Flask, SQLAlchemy, joserfc (which Authlib names in place of its own `jose`) and a dict.

BIND=127.0.0.1:8002 DATABASE_URL=sqlite:///absolute/path JWT_SECRET=… MEMBERS=<user>:<tenant>:admin \
    python benches/peers/flask_app.py
"""

import os
import sys
from datetime import UTC
from functools import wraps
from pathlib import Path
from uuid import UUID

import permissions
import projects
from flask import Flask, abort, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import JWTClaimsRegistry
from projects import Project
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker
from werkzeug.exceptions import HTTPException

KEY = OctKey.import_key(os.environ["JWT_SECRET"])
CLAIMS = JWTClaimsRegistry(exp={"essential": True}, sub={"essential": True}, tid={"essential": True})

engine = create_engine(projects.url(sqlite="sqlite+pysqlite", postgres="postgresql+psycopg"))
projects.prepare(engine)
sessions = sessionmaker(engine, expire_on_commit=False)
allows = permissions.by_dict()
app = Flask(__name__)


def authenticated():
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        abort(401, "a bearer token is needed")
    try:
        claims = jwt.decode(token, KEY, algorithms=["HS256"]).claims
        CLAIMS.validate(claims)
        return UUID(claims["sub"]), UUID(claims["tid"])
    except (JoseError, ValueError, AttributeError):
        abort(401, "the token is not valid")


def may(permission):
    """Gives the view the tenant of a caller who has the permission."""

    def decorate(view):
        @wraps(view)
        def checked(**arguments):
            user, tenant = authenticated()
            if not allows(user, tenant, permission):
                abort(403, f"`{permission}` is needed")
            return view(tenant, **arguments)

        return checked

    return decorate


def view_of(project):
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "archived": project.archived,
        "version": project.version,
        "created_at": project.created_at.astimezone(UTC).isoformat(),
        "updated_at": project.updated_at.astimezone(UTC).isoformat(),
    }


@app.get("/projects/<uuid:id>")
@may("projects:read")
def show(tenant, id):
    with sessions() as session:
        project = session.scalar(select(Project).where(Project.tenant_id == tenant, Project.id == id))
    if project is None:
        abort(404, "there is no such project")
    return view_of(project)


@app.get("/projects")
@may("projects:read")
def newest(tenant):
    limit = request.args.get("limit", 20, type=int)
    if not 1 <= limit <= 100:
        abort(422, "`limit` is 1 to 100")
    query = select(Project).where(Project.tenant_id == tenant).order_by(Project.id.desc()).limit(limit)
    with sessions() as session:
        return {"items": [view_of(project) for project in session.scalars(query)]}


@app.post("/projects")
@may("projects:write")
def create(tenant):
    match request.get_json():
        case {"name": str(name), **rest} if 1 <= len(name) <= 200 and not rest:
            project = Project(tenant_id=tenant, name=name)
        case _:
            abort(422, "`name` is 1 to 200 characters, and there is nothing else")
    with sessions() as session:
        session.add(project)
        session.commit()
    return view_of(project), 201


@app.errorhandler(HTTPException)
def refused(error):
    headers = {"WWW-Authenticate": "Bearer"} if error.code == 401 else {}
    return {"detail": error.description}, error.code, headers


if __name__ == "__main__":
    server = ["gunicorn", "--workers", "2", "--threads", "4", "--log-level", "warning", "--no-control-socket"]
    place = ["--bind", os.environ["BIND"], "--chdir", str(Path(__file__).parent)]
    os.execv(sys.executable, [sys.executable, "-m", *server, *place, "flask_app:app"])
