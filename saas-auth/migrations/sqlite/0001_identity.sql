CREATE TABLE saas_accounts (
    id            BLOB NOT NULL PRIMARY KEY,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    provisional   INTEGER NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('active', 'deactivated', 'disabled', 'deleted')),
    generation    INTEGER NOT NULL,
    verified_at   INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE saas_memberships (
    tenant_id  BLOB NOT NULL,
    id         BLOB NOT NULL REFERENCES saas_accounts (id),
    email      TEXT NOT NULL,
    name       TEXT NOT NULL,
    active     INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX saas_memberships_id ON saas_memberships (id);

CREATE TABLE saas_sessions (
    tenant_id        BLOB NOT NULL,
    id               BLOB NOT NULL,
    account_id       BLOB NOT NULL,
    client           TEXT,
    origin_id        BLOB,
    secret_hash      BLOB,
    scope            TEXT,
    methods          TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    device           TEXT NOT NULL,
    address          TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX saas_sessions_account ON saas_sessions (tenant_id, account_id);

CREATE TABLE saas_refresh_tokens (
    tenant_id   BLOB NOT NULL,
    id          BLOB NOT NULL,
    session_id  BLOB NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    next_id     BLOB,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES saas_sessions (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX saas_refresh_tokens_session ON saas_refresh_tokens (tenant_id, session_id);

CREATE TABLE saas_revocations (
    tenant_id  BLOB NOT NULL,
    id         BLOB NOT NULL,
    subject    BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX saas_revocations_created ON saas_revocations (created_at);

CREATE TABLE saas_api_keys (
    tenant_id   BLOB NOT NULL,
    id          BLOB NOT NULL,
    account_id  BLOB NOT NULL,
    name        TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    scope       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    seen_at     INTEGER,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX saas_api_keys_account ON saas_api_keys (tenant_id, account_id);

CREATE TABLE saas_signing_keys (
    kid         TEXT NOT NULL PRIMARY KEY,
    algorithm   TEXT NOT NULL,
    public_key  BLOB NOT NULL,
    private_key BLOB NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'next', 'retired')),
    created_at  INTEGER NOT NULL,
    retired_at  INTEGER
) STRICT;

CREATE UNIQUE INDEX saas_signing_keys_state ON saas_signing_keys (algorithm, state) WHERE state <> 'retired';

CREATE TABLE saas_clients (
    tenant_id                 BLOB NOT NULL,
    id                        BLOB NOT NULL,
    name                      TEXT NOT NULL,
    native                    INTEGER NOT NULL,
    redirect_uris             TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grants                    TEXT NOT NULL,
    scopes                    TEXT NOT NULL,
    auth_method               TEXT NOT NULL,
    secret_hash               BLOB,
    jwks                      TEXT,
    version                   INTEGER NOT NULL,
    created_at                INTEGER NOT NULL,
    updated_at                INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX saas_sessions_client ON saas_sessions (tenant_id, client);

CREATE TABLE saas_client_assertions (
    hash       BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX saas_client_assertions_expires ON saas_client_assertions (expires_at);

CREATE TABLE saas_consents (
    tenant_id  BLOB NOT NULL,
    id         BLOB NOT NULL,
    account_id BLOB NOT NULL,
    client     TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, client),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX saas_consents_client ON saas_consents (tenant_id, client);

CREATE TABLE saas_used_codes (
    tenant_id  BLOB NOT NULL,
    id         BLOB NOT NULL,
    session_id BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX saas_used_codes_expires ON saas_used_codes (tenant_id, expires_at);

CREATE TABLE saas_device_codes (
    tenant_id        BLOB NOT NULL,
    id               BLOB NOT NULL,
    secret_hash      BLOB NOT NULL,
    user_code_hash   BLOB NOT NULL,
    client           TEXT NOT NULL,
    scopes           TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('asked', 'allowed', 'denied')),
    account_id       BLOB,
    session_id       BLOB,
    pause            INTEGER NOT NULL,
    polled_at        INTEGER,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_code_hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX saas_device_codes_expires ON saas_device_codes (tenant_id, expires_at);
CREATE INDEX saas_device_codes_account ON saas_device_codes (tenant_id, account_id);

CREATE TABLE saas_device_tries (
    tenant_id  BLOB NOT NULL,
    id         BLOB NOT NULL,
    account_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES saas_memberships (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX saas_device_tries_account ON saas_device_tries (tenant_id, account_id);

CREATE TABLE saas_proofs (
    tenant_id  BLOB NOT NULL,
    id         BLOB NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('invitation', 'verification', 'reset', 'email-change')),
    account_id BLOB,
    generation INTEGER NOT NULL,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    roles      TEXT,
    made_by    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX saas_proofs_account ON saas_proofs (account_id, kind, id) WHERE account_id IS NOT NULL;
CREATE INDEX saas_proofs_expires ON saas_proofs (tenant_id, expires_at);

CREATE TABLE saas_themes (
    tenant_id  BLOB NOT NULL,
    id         BLOB NOT NULL,
    accent     TEXT NOT NULL,
    name       TEXT NOT NULL,
    welcome    TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE TABLE saas_factors (
    id           BLOB NOT NULL PRIMARY KEY,
    account_id   BLOB NOT NULL REFERENCES saas_accounts (id),
    kind         TEXT NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name         TEXT NOT NULL,
    secret       BLOB NOT NULL,
    -- That of a passkey (WebAuthn, section 4).
    credential   BLOB UNIQUE,
    last_step    INTEGER,
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    seen_at      INTEGER
) STRICT;

CREATE INDEX saas_factors_account ON saas_factors (account_id);

CREATE TABLE saas_recovery_codes (
    id         BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES saas_accounts (id),
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE INDEX saas_recovery_codes_account ON saas_recovery_codes (account_id);

CREATE TABLE saas_factor_tries (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES saas_accounts (id),
    tries      INTEGER NOT NULL,
    -- Since the last right one, however long ago.
    wrong      INTEGER NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE saas_remembered_devices (
    id         BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES saas_accounts (id),
    tenant_id  BLOB NOT NULL,
    hash       BLOB NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    agent      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX saas_remembered_devices_account ON saas_remembered_devices (account_id);

-- The codes themselves are kept nowhere.
CREATE TABLE saas_mailed_codes (
    id         BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES saas_accounts (id),
    tenant_id  BLOB NOT NULL,
    -- When the sign-in began that it is for.
    begun_at   INTEGER NOT NULL,
    -- The name of the key that it is made with.
    key        INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX saas_mailed_codes_account ON saas_mailed_codes (account_id);

CREATE TABLE saas_used_challenges (
    id         BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE saas_mfa_rules (
    tenant_id   BLOB NOT NULL,
    id          BLOB NOT NULL,
    role        TEXT,
    requirement TEXT NOT NULL CHECK (requirement IN ('optional', 'email', 'required', 'passkey')),
    grace       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
