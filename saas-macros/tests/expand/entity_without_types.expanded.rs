#[automatically_derived]
impl ::saas_tenancy::__private_0_1::FromRow for Event {
    fn from_row(
        row: &::saas_tenancy::__private_0_1::Row,
    ) -> ::core::result::Result<Self, ::saas_tenancy::__private_0_1::Error> {
        ::core::result::Result::Ok(Self {
            tenant_id: row.of::<TenantId>(3usize, 0usize, "tenant_id")?,
            id: row.of::<Id<Event>>(3usize, 1usize, "id")?,
            text: row.of::<String>(3usize, 2usize, "text")?,
        })
    }
}
#[automatically_derived]
impl ::saas_tenancy::__private_0_1::TenantEntity for Event {
    type New = ::core::convert::Infallible;
    type Patch = ();
    const INFO: &'static ::saas_tenancy::__private_0_1::EntityInfo = &::saas_tenancy::__private_0_1::EntityInfo {
        name: "Event",
        table: "events",
        columns: &[
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
                name: "id",
                kind: <Id<Event> as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <Id<Event> as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: false,
                unique: false,
                fixed: false,
            },
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "text",
                kind: <String as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <String as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: false,
                unique: false,
                fixed: false,
            },
        ],
        id: 1usize,
        tenant: 0usize,
        version: ::core::option::Option::None,
        created: ::core::option::Option::None,
        updated: ::core::option::Option::None,
        deleted: ::core::option::Option::None,
        given: &[2usize],
        references: &[],
        sql: ::saas_tenancy::__private_0_1::EntitySql {
            columns: "tenant_id, id, text",
            select_one: "SELECT tenant_id, id, text FROM events WHERE tenant_id = $1 AND id = $2",
            select_one_alone: "SELECT saas_row.* FROM (SELECT set_config('app.tenant_id', $1::uuid::text, true)::uuid AS tenant OFFSET 0) AS saas_scope CROSS JOIN LATERAL (SELECT tenant_id, id, text FROM events WHERE tenant_id = saas_scope.tenant AND id = $2 OFFSET 0) AS saas_row",
            insert: "INSERT INTO events (tenant_id, id, text) VALUES ($1, $2, $3) RETURNING tenant_id, id, text",
        },
    };
    fn row_id(&self) -> ::saas_tenancy::__private_0_1::Uuid {
        self.id.as_uuid()
    }
    fn row_version(&self) -> ::core::option::Option<i64> {
        ::core::option::Option::None
    }
    fn column_value(
        &self,
        index: usize,
    ) -> ::core::option::Option<::saas_tenancy::__private_0_1::Value> {
        ::core::option::Option::Some(
            match index {
                0usize => {
                    <TenantId as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.tenant_id,
                    )
                }
                1usize => {
                    <Id<
                        Event,
                    > as ::saas_tenancy::__private_0_1::Column>::to_value(&self.id)
                }
                2usize => {
                    <String as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.text,
                    )
                }
                _ => return ::core::option::Option::None,
            },
        )
    }
    fn new_values(
        new: Self::New,
    ) -> ::std::vec::Vec<::saas_tenancy::__private_0_1::Value> {
        match new {}
    }
    fn patch_values(
        patch: Self::Patch,
    ) -> ::std::vec::Vec<(usize, ::saas_tenancy::__private_0_1::Value)> {
        let () = patch;
        ::std::vec::Vec::new()
    }
    fn parse_filter(
        index: usize,
        text: &str,
    ) -> ::core::result::Result<
        ::saas_tenancy::__private_0_1::Value,
        ::saas_tenancy::__private_0_1::Error,
    > {
        match (index, text) {
            _ => {
                ::core::result::Result::Err(
                    ::saas_tenancy::__private_0_1::Error::decode("a column to filter by"),
                )
            }
        }
    }
}
#[automatically_derived]
impl ::saas_tenancy::__private_0_1::FromRow for Mark {
    fn from_row(
        row: &::saas_tenancy::__private_0_1::Row,
    ) -> ::core::result::Result<Self, ::saas_tenancy::__private_0_1::Error> {
        ::core::result::Result::Ok(Self {
            id: row.of::<Id<Mark>>(2usize, 0usize, "id")?,
            tenant_id: row.of::<TenantId>(2usize, 1usize, "tenant_id")?,
        })
    }
}
#[automatically_derived]
impl ::saas_tenancy::__private_0_1::TenantEntity for Mark {
    type New = ();
    type Patch = ();
    const INFO: &'static ::saas_tenancy::__private_0_1::EntityInfo = &::saas_tenancy::__private_0_1::EntityInfo {
        name: "Mark",
        table: "marks",
        columns: &[
            ::saas_tenancy::__private_0_1::ColumnInfo {
                name: "id",
                kind: <Id<Mark> as ::saas_tenancy::__private_0_1::Column>::KIND,
                nullable: <Id<Mark> as ::saas_tenancy::__private_0_1::Column>::NULLABLE,
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
        ],
        id: 0usize,
        tenant: 1usize,
        version: ::core::option::Option::None,
        created: ::core::option::Option::None,
        updated: ::core::option::Option::None,
        deleted: ::core::option::Option::None,
        given: &[],
        references: &[],
        sql: ::saas_tenancy::__private_0_1::EntitySql {
            columns: "id, tenant_id",
            select_one: "SELECT id, tenant_id FROM marks WHERE tenant_id = $1 AND id = $2",
            select_one_alone: "SELECT saas_row.* FROM (SELECT set_config('app.tenant_id', $1::uuid::text, true)::uuid AS tenant OFFSET 0) AS saas_scope CROSS JOIN LATERAL (SELECT id, tenant_id FROM marks WHERE tenant_id = saas_scope.tenant AND id = $2 OFFSET 0) AS saas_row",
            insert: "INSERT INTO marks (tenant_id, id) VALUES ($1, $2) RETURNING id, tenant_id",
        },
    };
    fn row_id(&self) -> ::saas_tenancy::__private_0_1::Uuid {
        self.id.as_uuid()
    }
    fn row_version(&self) -> ::core::option::Option<i64> {
        ::core::option::Option::None
    }
    fn column_value(
        &self,
        index: usize,
    ) -> ::core::option::Option<::saas_tenancy::__private_0_1::Value> {
        ::core::option::Option::Some(
            match index {
                0usize => {
                    <Id<
                        Mark,
                    > as ::saas_tenancy::__private_0_1::Column>::to_value(&self.id)
                }
                1usize => {
                    <TenantId as ::saas_tenancy::__private_0_1::Column>::to_value(
                        &self.tenant_id,
                    )
                }
                _ => return ::core::option::Option::None,
            },
        )
    }
    fn new_values(
        new: Self::New,
    ) -> ::std::vec::Vec<::saas_tenancy::__private_0_1::Value> {
        {
            let () = new;
            ::std::vec::Vec::new()
        }
    }
    fn patch_values(
        patch: Self::Patch,
    ) -> ::std::vec::Vec<(usize, ::saas_tenancy::__private_0_1::Value)> {
        let () = patch;
        ::std::vec::Vec::new()
    }
    fn parse_filter(
        index: usize,
        text: &str,
    ) -> ::core::result::Result<
        ::saas_tenancy::__private_0_1::Value,
        ::saas_tenancy::__private_0_1::Error,
    > {
        match (index, text) {
            _ => {
                ::core::result::Result::Err(
                    ::saas_tenancy::__private_0_1::Error::decode("a column to filter by"),
                )
            }
        }
    }
}
