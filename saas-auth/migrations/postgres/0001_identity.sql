CREATE TABLE saas_accounts (
    id            UUID NOT NULL PRIMARY KEY,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    provisional   BOOLEAN NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('active', 'deactivated', 'disabled', 'deleted')),
    generation    BIGINT NOT NULL,
    verified_at   TIMESTAMPTZ,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE saas_memberships (
    tenant_id  UUID NOT NULL,
    id         UUID NOT NULL REFERENCES saas_accounts (id),
    email      TEXT NOT NULL,
    name       TEXT NOT NULL,
    active     BOOLEAN NOT NULL,
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX saas_memberships_id ON saas_memberships (id);

CREATE TABLE saas_sessions (
    tenant_id        UUID NOT NULL,
    id               UUID NOT NULL,
    account_id       UUID NOT NULL,
    client           TEXT,
    origin_id        UUID,
    secret_hash      BYTEA,
    scope            TEXT,
    methods          TEXT NOT NULL,
    authenticated_at TIMESTAMPTZ NOT NULL,
    device           TEXT NOT NULL,
    address          TEXT NOT NULL,
    created_at       TIMESTAMPTZ NOT NULL,
    seen_at          TIMESTAMPTZ NOT NULL,
    expires_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX saas_sessions_account ON saas_sessions (tenant_id, account_id);

CREATE TABLE saas_refresh_tokens (
    tenant_id   UUID NOT NULL,
    id          UUID NOT NULL,
    session_id  UUID NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    used_at     TIMESTAMPTZ,
    next_id     UUID,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES saas_sessions (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX saas_refresh_tokens_session ON saas_refresh_tokens (tenant_id, session_id);

CREATE TABLE saas_revocations (
    tenant_id  UUID NOT NULL,
    id         UUID NOT NULL,
    subject    UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX saas_revocations_created ON saas_revocations (created_at);

CREATE TABLE saas_api_keys (
    tenant_id   UUID NOT NULL,
    id          UUID NOT NULL,
    account_id  UUID NOT NULL,
    name        TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    scope       TEXT NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    seen_at     TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX saas_api_keys_account ON saas_api_keys (tenant_id, account_id);

CREATE TABLE saas_signing_keys (
    kid         TEXT NOT NULL PRIMARY KEY,
    algorithm   TEXT NOT NULL,
    public_key  BYTEA NOT NULL,
    private_key BYTEA NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'next', 'retired')),
    created_at  TIMESTAMPTZ NOT NULL,
    retired_at  TIMESTAMPTZ
);

CREATE UNIQUE INDEX saas_signing_keys_state ON saas_signing_keys (algorithm, state) WHERE state <> 'retired';

CREATE TABLE saas_clients (
    tenant_id                 UUID NOT NULL,
    id                        UUID NOT NULL,
    name                      TEXT NOT NULL,
    native                    BOOLEAN NOT NULL,
    redirect_uris             TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grants                    TEXT NOT NULL,
    scopes                    TEXT NOT NULL,
    auth_method               TEXT NOT NULL,
    secret_hash               BYTEA,
    jwks                      TEXT,
    version                   BIGINT NOT NULL,
    created_at                TIMESTAMPTZ NOT NULL,
    updated_at                TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX saas_sessions_client ON saas_sessions (tenant_id, client);

CREATE TABLE saas_client_assertions (
    hash       BYTEA NOT NULL PRIMARY KEY,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX saas_client_assertions_expires ON saas_client_assertions (expires_at);

CREATE TABLE saas_consents (
    tenant_id  UUID NOT NULL,
    id         UUID NOT NULL,
    account_id UUID NOT NULL,
    client     TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, client),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX saas_consents_client ON saas_consents (tenant_id, client);

CREATE TABLE saas_used_codes (
    tenant_id  UUID NOT NULL,
    id         UUID NOT NULL,
    session_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX saas_used_codes_expires ON saas_used_codes (tenant_id, expires_at);

CREATE TABLE saas_device_codes (
    tenant_id        UUID NOT NULL,
    id               UUID NOT NULL,
    secret_hash      BYTEA NOT NULL,
    user_code_hash   BYTEA NOT NULL,
    client           TEXT NOT NULL,
    scopes           TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('asked', 'allowed', 'denied')),
    account_id       UUID,
    session_id       UUID,
    pause            BIGINT NOT NULL,
    polled_at        TIMESTAMPTZ,
    created_at       TIMESTAMPTZ NOT NULL,
    expires_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_code_hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX saas_device_codes_expires ON saas_device_codes (tenant_id, expires_at);
CREATE INDEX saas_device_codes_account ON saas_device_codes (tenant_id, account_id);

CREATE TABLE saas_device_tries (
    tenant_id  UUID NOT NULL,
    id         UUID NOT NULL,
    account_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX saas_device_tries_account ON saas_device_tries (tenant_id, account_id);

CREATE TABLE saas_proofs (
    tenant_id  UUID NOT NULL,
    id         UUID NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('invitation', 'verification', 'reset', 'email-change')),
    account_id UUID,
    generation BIGINT NOT NULL,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    roles      TEXT,
    made_by    TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX saas_proofs_account ON saas_proofs (account_id, kind, id) WHERE account_id IS NOT NULL;
CREATE INDEX saas_proofs_expires ON saas_proofs (tenant_id, expires_at);

CREATE TABLE saas_themes (
    tenant_id  UUID NOT NULL,
    id         UUID NOT NULL,
    accent     TEXT NOT NULL,
    name       TEXT NOT NULL,
    welcome    TEXT NOT NULL,
    version    BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE saas_factors (
    id           UUID NOT NULL PRIMARY KEY,
    account_id   UUID NOT NULL REFERENCES saas_accounts (id),
    kind         TEXT NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name         TEXT NOT NULL,
    secret       BYTEA NOT NULL,
    -- That of a passkey (WebAuthn, section 4).
    credential   BYTEA UNIQUE,
    last_step    BIGINT,
    created_at   TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    seen_at      TIMESTAMPTZ
);

CREATE INDEX saas_factors_account ON saas_factors (account_id);

CREATE TABLE saas_recovery_codes (
    id         UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES saas_accounts (id),
    hash       BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);

CREATE INDEX saas_recovery_codes_account ON saas_recovery_codes (account_id);

CREATE TABLE saas_factor_tries (
    account_id UUID NOT NULL PRIMARY KEY REFERENCES saas_accounts (id),
    tries      BIGINT NOT NULL,
    -- Since the last right one, however long ago.
    wrong      BIGINT NOT NULL,
    last_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE saas_remembered_devices (
    id         UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES saas_accounts (id),
    tenant_id  UUID NOT NULL,
    hash       BYTEA NOT NULL UNIQUE,
    generation BIGINT NOT NULL,
    agent      TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at    TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX saas_remembered_devices_account ON saas_remembered_devices (account_id);

-- The codes themselves are kept nowhere.
CREATE TABLE saas_mailed_codes (
    id         UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES saas_accounts (id),
    tenant_id  UUID NOT NULL,
    -- When the sign-in began that it is for.
    begun_at   TIMESTAMPTZ NOT NULL,
    -- The name of the key that it is made with.
    key        BIGINT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX saas_mailed_codes_account ON saas_mailed_codes (account_id);

CREATE TABLE saas_used_challenges (
    id         UUID NOT NULL PRIMARY KEY,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE saas_mfa_rules (
    tenant_id   UUID NOT NULL,
    id          UUID NOT NULL,
    role        TEXT,
    requirement TEXT NOT NULL CHECK (requirement IN ('optional', 'email', 'required', 'passkey')),
    grace       BIGINT NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
