/// What a caller gives to insert a [`Project`].
#[derive(Debug, Clone)]
#[allow(
    clippy::exhaustive_structs,
    reason = "it is written as a literal, one field for each column"
)]
pub struct NewProject {
    /// What the project is called.
    pub name: String,
    /// The column `owner`.
    pub owner: Option<String>,
    /// The column `account_id`.
    pub account_id: Id<Account>,
    /// The column `kind`.
    pub r#type: Kind,
}
/// What a caller may change of a [`Project`]. Fields that are `None` stay as they are.
#[derive(Debug, Clone, Default)]
#[allow(
    clippy::exhaustive_structs,
    reason = "it is written as a literal, one field for each column"
)]
pub struct ProjectPatch {
    /// What the project is called.
    pub name: ::core::option::Option<String>,
    /// The column `owner`.
    pub owner: ::core::option::Option<Option<String>>,
    /// The column `kind`.
    pub r#type: ::core::option::Option<Kind>,
}
#[automatically_derived]
#[allow(dead_code, reason = "not every program filters by every column that can be")]
impl Project {
    /// The column `name`.
    pub const NAME: ::saas_tenancy::__private_0_1::Field<Project, String, true> = ::saas_tenancy::__private_0_1::Field::new(
        2usize,
    );
    /// The column `owner`.
    pub const OWNER: ::saas_tenancy::__private_0_1::Field<
        Project,
        Option<String>,
        false,
    > = ::saas_tenancy::__private_0_1::Field::new(3usize);
    /// The column `kind`.
    pub const TYPE: ::saas_tenancy::__private_0_1::Field<Project, Kind, false> = ::saas_tenancy::__private_0_1::Field::new(
        5usize,
    );
    /// The column `created_at`.
    pub const CREATED_AT: ::saas_tenancy::__private_0_1::Field<
        Project,
        Timestamp,
        false,
    > = ::saas_tenancy::__private_0_1::Field::new(7usize);
}
#[automatically_derived]
impl ::saas_tenancy::__private_0_1::FromRow for Project {
    fn from_row(
        row: &::saas_tenancy::__private_0_1::Row,
    ) -> ::core::result::Result<Self, ::saas_tenancy::__private_0_1::Error> {
        ::core::result::Result::Ok(Self {
            id: row.of::<Id<Project>>(9usize, 0usize, "id")?,
            tenant_id: row.of::<TenantId>(9usize, 1usize, "tenant_id")?,
            name: row.of::<String>(9usize, 2usize, "name")?,
            owner: row.of::<Option<String>>(9usize, 3usize, "owner")?,
            account_id: row.of::<Id<Account>>(9usize, 4usize, "account_id")?,
            r#type: row.of::<Kind>(9usize, 5usize, "kind")?,
            version: row.of::<i64>(9usize, 6usize, "version")?,
            created_at: row.of::<Timestamp>(9usize, 7usize, "created_at")?,
            updated_at: row.of::<Timestamp>(9usize, 8usize, "updated_at")?,
        })
    }
}
#[automatically_derived]
impl ::saas_tenancy::__private_0_1::TenantEntity for Project {
    type New = NewProject;
    type Patch = ProjectPatch;
    const INFO: &'static ::saas_tenancy::__private_0_1::EntityInfo = &::saas_tenancy::__private_0_1::EntityInfo {
        name: "Project",
        table: "projects",
        columns: &[
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "id",
                kind: <Id<Project> as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <Id<
                    Project,
                > as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: false,
                unique: false,
                fixed: false,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "tenant_id",
                kind: <TenantId as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <TenantId as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: false,
                unique: false,
                fixed: false,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "name",
                kind: <String as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <String as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: true,
                sort: true,
                unique: true,
                fixed: false,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "owner",
                kind: <Option<String> as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <Option<
                    String,
                > as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: true,
                sort: false,
                unique: false,
                fixed: false,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "account_id",
                kind: <Id<Account> as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <Id<
                    Account,
                > as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: false,
                unique: false,
                fixed: true,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "kind",
                kind: <Kind as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <Kind as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: true,
                sort: false,
                unique: false,
                fixed: false,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "version",
                kind: <i64 as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <i64 as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: false,
                unique: false,
                fixed: false,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "created_at",
                kind: <Timestamp as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <Timestamp as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: true,
                unique: false,
                fixed: false,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "updated_at",
                kind: <Timestamp as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <Timestamp as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: false,
                unique: false,
                fixed: false,
            },
        ],
        id: 0usize,
        tenant: 1usize,
        version: ::core::option::Option::Some(6usize),
        created: ::core::option::Option::Some(7usize),
        updated: ::core::option::Option::Some(8usize),
        deleted: ::core::option::Option::None,
        given: &[2usize, 3usize, 4usize, 5usize],
        references: &[
            ::saas_tenancy::__private_0_1::ReferenceInfo {
                column: 4usize,
                table: "accounts",
            },
        ],
        sql: ::saas_tenancy::__private_0_1::EntitySql {
            columns: "id, tenant_id, name, owner, account_id, kind, version, created_at, updated_at",
            select_one: "SELECT id, tenant_id, name, owner, account_id, kind, version, created_at, updated_at FROM projects WHERE tenant_id = $1 AND id = $2",
            select_one_alone: "SELECT saas_row.* FROM (SELECT set_config('app.tenant_id', $1::uuid::text, true)::uuid AS tenant OFFSET 0) AS saas_scope CROSS JOIN LATERAL (SELECT id, tenant_id, name, owner, account_id, kind, version, created_at, updated_at FROM projects WHERE tenant_id = saas_scope.tenant AND id = $2 OFFSET 0) AS saas_row",
            insert: "INSERT INTO projects (tenant_id, id, version, created_at, updated_at, name, owner, account_id, kind) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id, tenant_id, name, owner, account_id, kind, version, created_at, updated_at",
        },
    };
    fn row_id(&self) -> ::saas_tenancy::__private_0_1::Uuid {
        self.id.as_uuid()
    }
    fn row_version(&self) -> ::core::option::Option<i64> {
        ::core::option::Option::Some(self.version)
    }
    fn column_value(
        &self,
        index: usize,
    ) -> ::core::option::Option<::saas_tenancy::__private_0_1::Value> {
        ::core::option::Option::Some(
            match index {
                0usize => {
                    <Id<
                        Project,
                    > as ::saas_tenancy::__private_0_1::Column>::to_value(&self.id)
                }
                1usize => {
                    <TenantId as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.tenant_id,
                    )
                }
                2usize => {
                    <String as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.name,
                    )
                }
                3usize => {
                    <Option<
                        String,
                    > as ::saas_tenancy::__private_0_1::Column>::to_value(&self.owner)
                }
                4usize => {
                    <Id<
                        Account,
                    > as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.account_id,
                    )
                }
                5usize => {
                    <Kind as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.r#type,
                    )
                }
                6usize => {
                    <i64 as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.version,
                    )
                }
                7usize => {
                    <Timestamp as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.created_at,
                    )
                }
                8usize => {
                    <Timestamp as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.updated_at,
                    )
                }
                _ => return ::core::option::Option::None,
            },
        )
    }
    fn new_values(
        new: Self::New,
    ) -> ::std::vec::Vec<::saas_tenancy::__private_0_1::Value> {
        ::std::vec![
            < String as ::saas_tenancy::__private_0_1::Column > ::to_value(& new.name), <
            Option < String > as ::saas_tenancy::__private_0_1::Column > ::to_value(& new
            .owner), < Id < Account > as ::saas_tenancy::__private_0_1::Column >
            ::to_value(& new.account_id), < Kind as ::saas_tenancy::__private_0_1::Column
            > ::to_value(& new.r#type)
        ]
    }
    fn patch_values(
        patch: Self::Patch,
    ) -> ::std::vec::Vec<(usize, ::saas_tenancy::__private_0_1::Value)> {
        let mut values = ::std::vec::Vec::new();
        values
            .extend(
                patch
                    .name
                    .map(|value| (
                        2usize,
                        <String as ::saas_tenancy::__private_0_1::Column>::to_value(
                            &value,
                        ),
                    )),
            );
        values
            .extend(
                patch
                    .owner
                    .map(|value| (
                        3usize,
                        <Option<
                            String,
                        > as ::saas_tenancy::__private_0_1::Column>::to_value(&value),
                    )),
            );
        values
            .extend(
                patch
                    .r#type
                    .map(|value| (
                        5usize,
                        <Kind as ::saas_tenancy::__private_0_1::Column>::to_value(&value),
                    )),
            );
        values
    }
    fn parse_filter(
        index: usize,
        text: &str,
    ) -> ::core::result::Result<
        ::saas_tenancy::__private_0_1::Value,
        ::saas_tenancy::__private_0_1::Error,
    > {
        match (index, text) {
            (2usize, text) => {
                <String as ::saas_tenancy::__private_0_1::Column>::parse(text)
                    .map(|value| <String as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &value,
                    ))
            }
            (3usize, text) => {
                <Option<String> as ::saas_tenancy::__private_0_1::Column>::parse(text)
                    .map(|value| <Option<
                        String,
                    > as ::saas_tenancy::__private_0_1::Column>::to_value(&value))
            }
            (5usize, text) => {
                <Kind as ::saas_tenancy::__private_0_1::Column>::parse(text)
                    .map(|value| <Kind as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &value,
                    ))
            }
            _ => {
                ::core::result::Result::Err(
                    ::saas_tenancy::__private_0_1::Error::decode("a column to filter by"),
                )
            }
        }
    }
}
