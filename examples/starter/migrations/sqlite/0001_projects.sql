CREATE TABLE projects (
    tenant_id   BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    archived    INTEGER NOT NULL CHECK (archived IN (0, 1)),
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX projects_created_at ON projects (tenant_id, created_at, id);
CREATE INDEX projects_name ON projects (tenant_id, name, id);

CREATE TABLE tasks (
    tenant_id  BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    project_id BLOB    NOT NULL,
    title      TEXT    NOT NULL,
    done       INTEGER NOT NULL CHECK (done IN (0, 1)),
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX tasks_project ON tasks (tenant_id, project_id, id);
