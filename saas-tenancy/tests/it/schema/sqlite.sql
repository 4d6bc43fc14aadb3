CREATE TABLE projects (
    id         BLOB NOT NULL,
    tenant_id  BLOB NOT NULL,
    name       TEXT NOT NULL,
    owner      TEXT,
    rank       INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX projects_name_key ON projects (tenant_id, name);

CREATE INDEX projects_owner_idx ON projects (tenant_id, owner, id);

CREATE INDEX projects_rank_idx ON projects (tenant_id, rank, id);

CREATE INDEX projects_created_at_idx ON projects (tenant_id, created_at, id);

CREATE TABLE tasks (
    id         BLOB NOT NULL,
    tenant_id  BLOB NOT NULL,
    project_id BLOB NOT NULL,
    title      TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id)
) STRICT;

CREATE INDEX tasks_project_id_idx ON tasks (tenant_id, project_id, id);

CREATE TABLE notes (
    id         BLOB NOT NULL,
    tenant_id  BLOB NOT NULL,
    code       TEXT NOT NULL,
    text       TEXT,
    author     TEXT NOT NULL,
    version    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX notes_code_key ON notes (tenant_id, code) WHERE deleted_at IS NULL;

CREATE INDEX notes_code_idx ON notes (tenant_id, code, id);

CREATE INDEX notes_text_idx ON notes (tenant_id, text, id);

