//! A system scope is entered, which is noted; it is not built by hand.
struct Report;

impl saas_tenancy::Reason for Report {
    const NAME: &'static str = "report";
    const WHY: &'static str = "reports";
}

fn main() {
    let _ = saas_tenancy::SystemScope::<Report>(std::marker::PhantomData);
}
