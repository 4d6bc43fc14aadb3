CREATE TABLE projects (
    tenant_id   UUID    NOT NULL,
    id          UUID    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    archived    BOOLEAN NOT NULL,
    version     BIGINT NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX projects_created_at ON projects (tenant_id, created_at, id);
CREATE INDEX projects_name ON projects (tenant_id, name, id);

CREATE TABLE tasks (
    tenant_id  UUID    NOT NULL,
    id         UUID    NOT NULL,
    project_id UUID    NOT NULL,
    title      TEXT    NOT NULL,
    done       BOOLEAN NOT NULL,
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX tasks_project ON tasks (tenant_id, project_id, id);
