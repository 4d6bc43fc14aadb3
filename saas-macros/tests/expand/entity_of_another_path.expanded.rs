/// What a caller gives to insert a [`Mark`].
#[derive(Debug, Clone)]
#[allow(
    clippy::exhaustive_structs,
    reason = "it is written as a literal, one field for each column"
)]
pub(crate) struct NewMark {}
/// What a caller may change of a [`Mark`]. Fields that are `None` stay as they are.
#[derive(Debug, Clone, Default)]
#[allow(
    clippy::exhaustive_structs,
    reason = "it is written as a literal, one field for each column"
)]
pub(crate) struct MarkPatch {}
#[automatically_derived]
impl facade::tenancy::__private_0_1::FromRow for Mark {
    fn from_row(
        row: &facade::tenancy::__private_0_1::Row,
    ) -> ::core::result::Result<Self, facade::tenancy::__private_0_1::Error> {
        ::core::result::Result::Ok(Self {
            id: row.of::<facade::Id<Mark>>(2usize, 0usize, "id")?,
            tenant_id: row.of::<facade::TenantId>(2usize, 1usize, "tenant_id")?,
        })
    }
}
#[automatically_derived]
impl facade::tenancy::__private_0_1::TenantEntity for Mark {
    type New = NewMark;
    type Patch = MarkPatch;
    const INFO: &'static facade::tenancy::__private_0_1::EntityInfo = &facade::tenancy::__private_0_1::EntityInfo {
        name: "Mark",
        table: "marks",
        columns: &[
            facade::tenancy::__private_0_1::ColumnInfo {
                name: "id",
                kind: <facade::Id<Mark> as facade::tenancy::__private_0_1::Column>::KIND,
                nullable: <facade::Id<
                    Mark,
                > as facade::tenancy::__private_0_1::Column>::NULLABLE,
                filter: false,
                sort: false,
                unique: false,
                fixed: false,
            },
            facade::tenancy::__private_0_1::ColumnInfo {
                name: "tenant_id",
                kind: <facade::TenantId as facade::tenancy::__private_0_1::Column>::KIND,
                nullable: <facade::TenantId as facade::tenancy::__private_0_1::Column>::NULLABLE,
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
        sql: facade::tenancy::__private_0_1::EntitySql {
            columns: "id, tenant_id",
            select_one: "SELECT id, tenant_id FROM marks WHERE tenant_id = $1 AND id = $2",
            select_one_alone: "SELECT saas_row.* FROM (SELECT set_config('app.tenant_id', $1::uuid::text, true)::uuid AS tenant OFFSET 0) AS saas_scope CROSS JOIN LATERAL (SELECT id, tenant_id FROM marks WHERE tenant_id = saas_scope.tenant AND id = $2 OFFSET 0) AS saas_row",
            insert: "INSERT INTO marks (tenant_id, id) VALUES ($1, $2) RETURNING id, tenant_id",
        },
    };
    fn row_id(&self) -> facade::tenancy::__private_0_1::Uuid {
        self.id.as_uuid()
    }
    fn row_version(&self) -> ::core::option::Option<i64> {
        ::core::option::Option::None
    }
    fn column_value(
        &self,
        index: usize,
    ) -> ::core::option::Option<facade::tenancy::__private_0_1::Value> {
        ::core::option::Option::Some(
            match index {
                0usize => {
                    <facade::Id<
                        Mark,
                    > as facade::tenancy::__private_0_1::Column>::to_value(&self.id)
                }
                1usize => {
                    <facade::TenantId as facade::tenancy::__private_0_1::Column>::to_value(
                        &self.tenant_id,
                    )
                }
                _ => return ::core::option::Option::None,
            },
        )
    }
    fn new_values(
        new: Self::New,
    ) -> ::std::vec::Vec<facade::tenancy::__private_0_1::Value> {
        ::std::vec![]
    }
    fn patch_values(
        patch: Self::Patch,
    ) -> ::std::vec::Vec<(usize, facade::tenancy::__private_0_1::Value)> {
        let mut values = ::std::vec::Vec::new();
        values
    }
    fn parse_filter(
        index: usize,
        text: &str,
    ) -> ::core::result::Result<
        facade::tenancy::__private_0_1::Value,
        facade::tenancy::__private_0_1::Error,
    > {
        match (index, text) {
            _ => {
                ::core::result::Result::Err(
                    facade::tenancy::__private_0_1::Error::decode(
                        "a column to filter by",
                    ),
                )
            }
        }
    }
}
