CREATE TABLE projects (
    id         UUID NOT NULL,
    tenant_id  UUID NOT NULL,
    name       TEXT NOT NULL,
    owner      TEXT,
    rank       BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX projects_name_key ON projects (tenant_id, name);

CREATE INDEX projects_owner_idx ON projects (tenant_id, owner, id);

CREATE INDEX projects_rank_idx ON projects (tenant_id, rank, id);

CREATE INDEX projects_created_at_idx ON projects (tenant_id, created_at, id);

CREATE TABLE tasks (
    id         UUID NOT NULL,
    tenant_id  UUID NOT NULL,
    project_id UUID NOT NULL,
    title      TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id)
);

CREATE INDEX tasks_project_id_idx ON tasks (tenant_id, project_id, id);

CREATE TABLE notes (
    id         UUID NOT NULL,
    tenant_id  UUID NOT NULL,
    code       TEXT NOT NULL,
    text       TEXT,
    author     TEXT NOT NULL,
    version    BIGINT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX notes_code_key ON notes (tenant_id, code) WHERE deleted_at IS NULL;

CREATE INDEX notes_code_idx ON notes (tenant_id, code, id);

CREATE INDEX notes_text_idx ON notes (tenant_id, text, id);

ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE projects FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON projects;
CREATE POLICY saas_permissive_all ON projects AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON projects;
CREATE POLICY saas_restrictive_all ON projects AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasks FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON tasks;
CREATE POLICY saas_permissive_all ON tasks AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON tasks;
CREATE POLICY saas_restrictive_all ON tasks AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON notes;
CREATE POLICY saas_permissive_all ON notes AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON notes;
CREATE POLICY saas_restrictive_all ON notes AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
