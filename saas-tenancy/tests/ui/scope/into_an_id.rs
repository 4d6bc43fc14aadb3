//! A system scope enters a tenant that exists, not an id that somebody sent.

use saas_core::TenantId;
use saas_tenancy::{Reason, Scope, SystemScope};

struct Because;

impl Reason for Because {
    const NAME: &'static str = "because";
    const WHY: &'static str = "shows that an id is not enough";
}

fn make(id: TenantId) -> Scope {
    SystemScope::<Because>::enter().within(&id)
}

fn main() {}
