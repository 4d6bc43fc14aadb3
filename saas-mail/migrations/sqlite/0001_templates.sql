CREATE TABLE saas_mail_templates (
    tenant_id  BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    template   TEXT    NOT NULL,
    locale     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    html       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, template, locale)
) STRICT;
