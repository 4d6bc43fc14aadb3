#[automatically_derived]
impl ::saas_rbac::__private_0_1::Permission for Can {
    const ALL: &'static [::saas_rbac::__private_0_1::PermissionInfo] = &[
        ::saas_rbac::__private_0_1::PermissionInfo {
            name: "projects:read",
            description: "See the projects of the tenant.",
            group: "All",
        },
        ::saas_rbac::__private_0_1::PermissionInfo {
            name: "projects:settings:write-all",
            description: "",
            group: "Settings",
        },
    ];
    fn name(&self) -> &'static str {
        match self {
            Self::ReadProjects => "projects:read",
            Self::WriteSettings => "projects:settings:write-all",
        }
    }
    fn index(&self) -> usize {
        match self {
            Self::ReadProjects => 0usize,
            Self::WriteSettings => 1usize,
        }
    }
}
#[automatically_derived]
impl ::core::convert::From<Can> for ::saas_rbac::__private_0_1::Access {
    fn from(permission: Can) -> Self {
        ::saas_rbac::__private_0_1::Access::permission(&permission)
    }
}
/// The permissions as types.
#[allow(dead_code, reason = "not every permission is asked for by type")]
pub mod can {
    ///`projects:read`
    #[derive(Debug, Clone, Copy)]
    pub enum ReadProjects {}
    ///`projects:settings:write-all`
    #[derive(Debug, Clone, Copy)]
    pub enum WriteSettings {}
}
#[automatically_derived]
impl ::saas_rbac::__private_0_1::PermissionType for can::ReadProjects {
    type Of = Can;
    fn permission() -> Can {
        Can::ReadProjects
    }
}
#[automatically_derived]
impl ::saas_rbac::__private_0_1::PermissionType for can::WriteSettings {
    type Of = Can;
    fn permission() -> Can {
        Can::WriteSettings
    }
}
#[automatically_derived]
impl facade::rbac::__private_0_1::Permission for Other {
    const ALL: &'static [facade::rbac::__private_0_1::PermissionInfo] = &[
        facade::rbac::__private_0_1::PermissionInfo {
            name: "things:read",
            description: "",
            group: "things",
        },
    ];
    fn name(&self) -> &'static str {
        match self {
            Self::Read => "things:read",
        }
    }
    fn index(&self) -> usize {
        match self {
            Self::Read => 0usize,
        }
    }
}
#[automatically_derived]
impl ::core::convert::From<Other> for facade::rbac::__private_0_1::Access {
    fn from(permission: Other) -> Self {
        facade::rbac::__private_0_1::Access::permission(&permission)
    }
}
