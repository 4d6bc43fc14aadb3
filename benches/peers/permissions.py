"""Who may do what: by a dict, or by pycasbin.

`MEMBERS` says who is in which tenant, as `<user>:<tenant>:<role>` with commas between.
"""

import os
from collections.abc import Callable
from itertools import chain, count, islice
from uuid import UUID, uuid4

ROLES = {
    "admin": {"projects:read", "projects:write"},
    "viewer": {"projects:read"},
}

MODEL = """
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.dom == p.dom && r.obj == p.obj && r.act == p.act && g(r.sub, p.sub, r.dom)
"""

Allows = Callable[[UUID, UUID, str], bool]


def by_dict() -> Allows:
    permissions = {(UUID(user), UUID(tenant)): ROLES[role] for user, tenant, role in _members()}

    def allows(user, tenant, permission):
        return permission in permissions.get((user, tenant), ())

    return allows


def by_casbin() -> Allows:
    """Fills up to `POLICIES` lines with those of other tenants, half of them before the members' own."""
    # Here, so that a process that decides by the dict does not carry it.
    from casbin import Enforcer, Model
    from casbin.persist.adapters.string_adapter import StringAdapter

    own = list(_lines_of(list(_members())))
    others = chain.from_iterable(_lines_of(_others()) for _ in count())
    filling = list(islice(others, max(0, int(os.environ["POLICIES"]) - len(own))))
    half = len(filling) // 2
    model = Model()
    model.load_model_from_text(MODEL)
    enforcer = Enforcer(model, StringAdapter("\n".join(filling[:half] + own + filling[half:])))

    def allows(user, tenant, permission):
        return enforcer.enforce(str(user), str(tenant), *permission.split(":"))

    return allows


def _members():
    return (member.split(":") for member in os.environ["MEMBERS"].split(","))


def _others():
    """Seven members of a tenant, which makes ten lines with those of its roles."""
    tenant = uuid4()
    return [(uuid4(), tenant, "viewer" if number else "admin") for number in range(7)]


def _lines_of(members):
    for tenant in dict.fromkeys(tenant for _, tenant, _ in members):
        for role, permissions in ROLES.items():
            for permission in sorted(permissions):
                thing, action = permission.split(":")
                yield f"p, {role}, {tenant}, {thing}, {action}"
    for user, tenant, role in members:
        yield f"g, {user}, {role}, {tenant}"
