//! Every stable code of the family, one line each.

use std::fmt;

use http::StatusCode;

/// The kind of a problem: a word that programs may rely on, with its status and title.
///
/// The codes are a contract. A new one may appear; an old one never changes its meaning or its
/// status. All of them are listed in `docs/src/reference/problems.md`, which a test compares with
/// [`Code::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(&'static Entry);

#[derive(PartialEq, Eq, Hash)]
struct Entry {
    name: &'static str,
    status: StatusCode,
    title: &'static str,
    meaning: &'static str,
}

macro_rules! codes {
    ($($constant:ident $name:literal $status:ident $title:literal $meaning:literal)+) => {
        impl Code {
            $(
                #[doc = concat!("`", $name, "`: ", $meaning)]
                pub const $constant: Self = Self(&Entry {
                    name: $name,
                    status: StatusCode::$status,
                    title: $title,
                    meaning: $meaning,
                });
            )+

            /// All codes, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$constant),+];
        }
    };
}

codes! {
    BAD_REQUEST "bad-request" BAD_REQUEST "The request is malformed"
        "The request could not be read; the detail says where."
    JSON_SYNTAX "json-syntax" BAD_REQUEST "The body is not JSON"
        "The body is not well-formed JSON, is cut short, or is not UTF-8."
    JSON_TYPE "json-type" UNPROCESSABLE_ENTITY "The body has the wrong shape"
        "The JSON is well-formed, but a member is missing, unknown or of another type; `errors` names it."
    VALIDATION "validation" UNPROCESSABLE_ENTITY "The input is not valid"
        "The input has the right shape, but a value breaks a rule; `errors` names the field."
    QUERY_INVALID "query-invalid" BAD_REQUEST "The query string is not valid"
        "A query parameter is unknown, appears twice, or has a value that cannot be read."
    FILTER_UNKNOWN "filter-unknown" BAD_REQUEST "The filter is unknown"
        "The list cannot be filtered by that field."
    SORT_UNKNOWN "sort-unknown" BAD_REQUEST "The sort key is unknown"
        "The list cannot be sorted by that field."
    CURSOR_INVALID "cursor-invalid" BAD_REQUEST "The cursor is not valid"
        "The cursor was not issued by this service for this tenant, list, filter and order, or has been changed."
    HEADER_INVALID "header-invalid" BAD_REQUEST "A header is not valid"
        "A request header is malformed or appears more than once."
    HOST_INVALID "host-invalid" BAD_REQUEST "The host is not valid"
        "The request names no host, more than one, or one that cannot be read."
    METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED "The method is not allowed"
        "The resource exists, but not for this method; `Allow` lists the methods."
    NOT_FOUND "not-found" NOT_FOUND "Not found"
        "There is no such resource, or none that the caller may know of."
    BODY_TOO_LARGE "body-too-large" PAYLOAD_TOO_LARGE "The body is too large"
        "The body is larger than this route accepts."
    BODY_INCOMPLETE "body-incomplete" BAD_REQUEST "The body ended early"
        "The connection ended before the whole body had arrived. Nothing was written."
    URI_TOO_LONG "uri-too-long" URI_TOO_LONG "The address is too long"
        "The path and query string are longer than the service accepts."
    HEADERS_TOO_LARGE "headers-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE "The headers are too large"
        "The head of the request is larger, or has more headers, than the service accepts."
    MEDIA_TYPE "media-type" UNSUPPORTED_MEDIA_TYPE "The media type is not supported"
        "The route accepts another `Content-Type`."
    TRANSFER_CODING "transfer-coding" NOT_IMPLEMENTED "The transfer coding is not known"
        "The body comes in a `Transfer-Encoding` other than `chunked`."
    TIMEOUT "timeout" REQUEST_TIMEOUT "The request took too long"
        "The request was not finished in the time allowed. Nothing was written unless the answer says so."
    CONFLICT "conflict" CONFLICT "The request conflicts with the current state"
        "Something with this unique value exists already in this tenant."
    REFERENCE_INVALID "reference-invalid" UNPROCESSABLE_ENTITY "A reference points at nothing"
        "The input names another resource that does not exist, or the resource is still referred to."
    VERSION_MISMATCH "version-mismatch" PRECONDITION_FAILED "The resource has changed"
        "`If-Match` names another version than the current one; read the resource again."
    VERSION_REQUIRED "version-required" PRECONDITION_REQUIRED "The version is required"
        "A change must say in `If-Match` which version it is based on."
    RANGE_INVALID "range-invalid" RANGE_NOT_SATISFIABLE "The range is not satisfiable"
        "The requested range lies outside the file."
    UNAUTHENTICATED "unauthenticated" UNAUTHORIZED "Sign-in is required"
        "The route needs a credential and the request has none."
    TOKEN_INVALID "token-invalid" UNAUTHORIZED "The token is not valid"
        "The credential is malformed, expired, revoked, or not meant for this service."
    CREDENTIALS_INVALID "credentials-invalid" UNAUTHORIZED "The credentials are not valid"
        "No account of this tenant has this e-mail address and password."
    FORBIDDEN "forbidden" FORBIDDEN "Not allowed"
        "The caller is known, but has not the permission that the route declares."
    REQUEST_FORGED "request-forged" FORBIDDEN "The request may be forged"
        "A request of a browser's session changes something and does not prove, by its origin and its token, that our own page sent it."
    STEP_UP_REQUIRED "step-up-required" UNAUTHORIZED "A recent sign-in is required"
        "The route needs a caller who has proven who they are within the time that the challenge names (RFC 9470); sign in again."
    MFA_ENROLMENT_REQUIRED "mfa-enrolment-required" FORBIDDEN "A second factor is required"
        "The tenant asks its members for a second factor, and the caller has none of that level; enrol one."
    SECOND_FACTOR_INVALID "second-factor-invalid" UNAUTHORIZED "The second factor is not valid"
        "The code is wrong, was used before, or was not awaited."
    PASSKEY_INVALID "passkey-invalid" BAD_REQUEST "The passkey is not valid"
        "What the browser has given is no answer to the options of this enrolment, or came too late; begin again."
    GRANT_FORBIDDEN "grant-forbidden" FORBIDDEN "Nobody gives what he lacks"
        "The change would give a permission that the caller does not hold."
    LAST_OWNER "last-owner" CONFLICT "A tenant needs an owner"
        "The change would leave the tenant without an owner."
    ROLE_UNKNOWN "role-unknown" UNPROCESSABLE_ENTITY "The role is unknown"
        "The tenant has no role of that name."
    ROLE_BUILT_IN "role-built-in" CONFLICT "The role is built in"
        "The built-in roles cannot be changed or removed."
    ROLE_LIMIT "role-limit" CONFLICT "There are too many roles, groups or rules"
        "The tenant has as many roles, groups, rules and assignments of its own as it may have."
    API_KEY_LIMIT "api-key-limit" CONFLICT "There are too many keys"
        "The person has as many keys for programs in this tenant as they may have."
    STORAGE_LIMIT "storage-limit" CONFLICT "There is no room for the file"
        "The tenant's files have as many bytes as they may have, or would have with this one."
    ROLE_IN_USE "role-in-use" CONFLICT "The role is in use"
        "The role is still held by a member."
    TENANT_REQUIRED "tenant-required" BAD_REQUEST "The tenant is missing"
        "The route belongs to a tenant, and the request names none."
    TENANT_UNKNOWN "tenant-unknown" NOT_FOUND "The tenant is unknown"
        "The request names a tenant that does not exist."
    TENANT_CONFLICT "tenant-conflict" BAD_REQUEST "The request names two tenants"
        "Host, header and path do not name the same tenant."
    TENANT_FOREIGN "tenant-foreign" FORBIDDEN "The credential belongs to another tenant"
        "The credential is good for one tenant, and the request names another."
    TENANT_SUSPENDED "tenant-suspended" FORBIDDEN "The tenant is suspended"
        "The tenant exists but may not be used now."
    DOMAIN_TAKEN "domain-taken" CONFLICT "The domain is taken"
        "Another tenant has proven to own the domain."
    DOMAIN_UNPROVEN "domain-unproven" UNPROCESSABLE_ENTITY "The domain is not proven"
        "The DNS of the domain does not hold the token of the claim."
    DOMAIN_LIMIT "domain-limit" CONFLICT "There are too many domains"
        "The tenant has claimed as many domains as it may."
    SLUG_TAKEN "slug-taken" CONFLICT "The slug is taken"
        "Another tenant has this slug."
    PASSWORD_PROVISIONAL "password-provisional" FORBIDDEN "The password was chosen by somebody else"
        "The password of the account was set by an administrator; its holder has to choose one first."
    EMAIL_TAKEN "email-taken" CONFLICT "The e-mail address is taken"
        "An account with this e-mail address exists, and the request does not prove to be its holder."
    LINK_INVALID "link-invalid" BAD_REQUEST "The link is not valid"
        "The link was used, has expired, was replaced by a newer one, or was never given out. Ask for a new one."
    MEMBER_ALREADY "member-already" CONFLICT "The person is a member already"
        "The person whom the invitation is for belongs to the tenant."
    INVITATION_LIMIT "invitation-limit" CONFLICT "There are too many invitations"
        "The tenant has as many open invitations as it may have; revoke some."
    FILE_KEY_INVALID "file-key-invalid" BAD_REQUEST "The file name is not valid"
        "The path of the file has a forbidden segment or character, or is too long."
    UPLOAD_OFFSET "upload-offset" CONFLICT "The upload goes on elsewhere"
        "The upload has another number of bytes than `Upload-Offset` says; ask with `HEAD` for how many."
    UPLOAD_VERSION "upload-version" PRECONDITION_FAILED "The version of tus is not supported"
        "The request names no version of the protocol tus, or one that the service does not speak; `Tus-Version` lists those that it does."
    CHECKSUM_MISMATCH "checksum-mismatch" BAD_REQUEST "The bytes are not those that were announced"
        "The bytes that arrived have another digest than the request says. Nothing was kept. Uploads by tus answer it with the status 460."
    FILE_REFUSED "file-refused" UNPROCESSABLE_ENTITY "The file was refused"
        "Whoever looks at files before they can be seen has refused this one. Nothing was kept."
    IDEMPOTENCY_KEY_INVALID "idempotency-key-invalid" BAD_REQUEST "The idempotency key is not valid"
        "`Idempotency-Key` appears more than once, or is not 1 to 255 visible characters of ASCII."
    IDEMPOTENCY_KEY_REUSED "idempotency-key-reused" UNPROCESSABLE_ENTITY "The idempotency key was used before"
        "The caller has sent another request with this `Idempotency-Key`; a new request needs a new key."
    IDEMPOTENCY_IN_FLIGHT "idempotency-in-flight" CONFLICT "The request is being processed"
        "The first request with this `Idempotency-Key` has not been answered yet; `Retry-After` says when to ask again."
    IDEMPOTENCY_ANSWER_LOST "idempotency-answer-lost" CONFLICT "The answer was not kept"
        "The request with this `Idempotency-Key` took place once, and its answer was too large to be kept, or is shown once."
    NETWORK_REFUSED "network-refused" FORBIDDEN "The network is not allowed"
        "The service, or the tenant, lets no requests in from the address that this one came from."
    RATE_LIMITED "rate-limited" TOO_MANY_REQUESTS "Too many requests"
        "The caller has to slow down; `Retry-After` says for how long."
    OVERLOADED "overloaded" SERVICE_UNAVAILABLE "Too much at a time"
        "The tenant has as many requests under way as one tenant may, and its others go on. Try again after `Retry-After`."
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE "Temporarily unavailable"
        "A part that the request needs does not answer. Try again; after a write, look first whether it took place, because a lost connection may have hidden the end of it."
    INTERNAL "internal" INTERNAL_SERVER_ERROR "Something went wrong"
        "A fault in the service. It has been recorded under the request id."
}

impl Code {
    /// Gives the word that programs may rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Gives the status with which the problem is answered.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.0.status
    }

    /// Gives a short summary, the same for every occurrence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.0.title
    }

    /// Says what the code means, for the reference.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.0.meaning
    }

    /// Gives the URI that identifies the kind (RFC 9457, section 3.1.1).
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("urn:saas:problem:{}", self.0.name)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_kebab_case_errors() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        );
        assert!(
            Code::ALL
                .iter()
                .all(|code| code.status().is_client_error() || code.status().is_server_error())
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    /// `UPDATE_REFERENCE=1 cargo test -p saas-core` writes the page anew.
    #[test]
    fn the_reference_lists_every_code() {
        let mut page = String::from(
            "# Problem codes\n\nEvery error is an `application/problem+json` document (RFC 9457). Its `code` is one of these \
             words; they are a contract.\n\n| code | status | meaning |\n|---|---|---|\n",
        );
        for code in Code::ALL {
            page.push_str(&format!(
                "| `{}` | {} | {} |\n",
                code.name(),
                code.status().as_u16(),
                code.meaning()
            ));
        }
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../docs/src/reference/problems.md"
        );
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::create_dir_all(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../docs/src/reference"
            ))
            .unwrap();
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            page,
            "run with UPDATE_REFERENCE=1"
        );
    }
}
