#[automatically_derived]
impl ::saas_rbac::__private_0_1::Permission for Can {
    const ALL: &'static [::saas_rbac::__private_0_1::PermissionInfo] = &[
        ::saas_rbac::__private_0_1::PermissionInfo {
            name: "projects:read",
            description: "See the projects of the tenant.",
        },
        ::saas_rbac::__private_0_1::PermissionInfo {
            name: "projects:settings:write-all",
            description: "",
        },
    ];
    fn name(&self) -> &'static str {
        match self {
            Self::ReadProjects => "projects:read",
            Self::WriteSettings => "projects:settings:write-all",
        }
    }
}
#[automatically_derived]
impl ::core::convert::From<Can> for ::saas_rbac::__private_0_1::Access {
    fn from(permission: Can) -> Self {
        ::saas_rbac::__private_0_1::Access::permission(&permission)
    }
}
#[automatically_derived]
impl facade::rbac::__private_0_1::Permission for Other {
    const ALL: &'static [facade::rbac::__private_0_1::PermissionInfo] = &[
        facade::rbac::__private_0_1::PermissionInfo {
            name: "things:read",
            description: "",
        },
    ];
    fn name(&self) -> &'static str {
        match self {
            Self::Read => "things:read",
        }
    }
}
#[automatically_derived]
impl ::core::convert::From<Other> for facade::rbac::__private_0_1::Access {
    fn from(permission: Other) -> Self {
        facade::rbac::__private_0_1::Access::permission(&permission)
    }
}
