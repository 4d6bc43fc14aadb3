CREATE TABLE saas_mail_templates (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    template   TEXT        NOT NULL,
    locale     TEXT        NOT NULL,
    subject    TEXT        NOT NULL,
    text       TEXT        NOT NULL,
    html       TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, template, locale)
);
