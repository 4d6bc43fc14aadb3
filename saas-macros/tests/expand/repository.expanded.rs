/// The statements over projects.
pub(crate) trait Projects: Send {
    /// Finds the projects that are put away or not.
    fn archived(
        &mut self,
        archived: bool,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            Vec<Project>,
            ::saas_tenancy::__private_0_1::Error,
        >,
    > + ::core::marker::Send;
    fn find(
        &mut self,
        name: &str,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            Option<Project>,
            ::saas_tenancy::__private_0_1::Error,
        >,
    > + ::core::marker::Send;
    fn open_tasks(
        &mut self,
        label: Option<&str>,
        state: &State,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(i64,), AppError>,
    > + ::core::marker::Send;
    #[cfg(feature = "teams")]
    fn rank_all(
        &mut self,
        hash: &[u8],
        rank: i64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<u64, ::saas_tenancy::__private_0_1::Error>,
    > + ::core::marker::Send;
    fn put(
        &mut self,
        id: Id<Project>,
        name: String,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(), ::saas_tenancy::__private_0_1::Error>,
    > + ::core::marker::Send;
}
const _: fn() = || {
    fn is_entity<E: ::saas_tenancy::__private_0_1::TenantEntity>() {}
    is_entity::<Project>();
};
#[automatically_derived]
#[allow(
    clippy::needless_question_mark,
    reason = "the error of a method may be another type"
)]
impl Projects for ::saas_tenancy::__private_0_1::TenantTx {
    async fn archived(
        &mut self,
        archived: bool,
    ) -> ::core::result::Result<Vec<Project>, ::saas_tenancy::__private_0_1::Error> {
        let answer = ::saas_tenancy::__private_0_1::fetch_all::<
            Project,
        >(
                self,
                "SELECT * FROM projects WHERE tenant_id = $1 AND archived = $2 ORDER BY created_at DESC",
                ::std::vec![
                    < bool as ::saas_tenancy::__private_0_1::Column > ::to_value(&
                    archived)
                ],
            )
            .await?;
        ::core::result::Result::Ok(answer)
    }
    async fn find(
        &mut self,
        name: &str,
    ) -> ::core::result::Result<Option<Project>, ::saas_tenancy::__private_0_1::Error> {
        let answer = ::saas_tenancy::__private_0_1::fetch_optional::<
            Project,
        >(
                self,
                "SELECT * FROM projects WHERE tenant_id = $1 AND (name = $2 OR owner = $2)",
                ::std::vec![
                    ::saas_tenancy::__private_0_1::Value::Text(::std::borrow::ToOwned::to_owned(name))
                ],
            )
            .await?;
        ::core::result::Result::Ok(answer)
    }
    async fn open_tasks(
        &mut self,
        label: Option<&str>,
        state: &State,
    ) -> ::core::result::Result<(i64,), AppError> {
        let answer = ::saas_tenancy::__private_0_1::fetch_one::<
            (i64,),
        >(
                self,
                "SELECT count(*) FROM projects p JOIN tasks t ON t.project_id = p.id AND t.tenant_id = $1 WHERE p.tenant_id = $1 AND t.state = $2 AND p.label IS $3",
                ::std::vec![
                    < State as ::saas_tenancy::__private_0_1::Column > ::to_value(state),
                    < ::core::option::Option < ::std::string::String > as
                    ::saas_tenancy::__private_0_1::Column > ::to_value(&
                    ::core::option::Option::map(label, ::std::borrow::ToOwned::to_owned))
                ],
            )
            .await?;
        ::core::result::Result::Ok(answer)
    }
    #[cfg(feature = "teams")]
    async fn rank_all(
        &mut self,
        hash: &[u8],
        rank: i64,
    ) -> ::core::result::Result<u64, ::saas_tenancy::__private_0_1::Error> {
        let answer = ::saas_tenancy::__private_0_1::execute(
                self,
                "UPDATE projects SET rank = $2::bigint, hash = $3 WHERE tenant_id = $1 AND rank <> $2",
                ::std::vec![
                    < i64 as ::saas_tenancy::__private_0_1::Column > ::to_value(& rank),
                    ::saas_tenancy::__private_0_1::Value::Bytes(::std::borrow::ToOwned::to_owned(hash))
                ],
            )
            .await?;
        ::core::result::Result::Ok(answer)
    }
    async fn put(
        &mut self,
        id: Id<Project>,
        name: String,
    ) -> ::core::result::Result<(), ::saas_tenancy::__private_0_1::Error> {
        ::saas_tenancy::__private_0_1::execute(
                self,
                "INSERT INTO projects (id, tenant_id, name) VALUES ($2, $1, $3) ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name",
                ::std::vec![
                    < Id < Project > as ::saas_tenancy::__private_0_1::Column >
                    ::to_value(& id), < String as ::saas_tenancy::__private_0_1::Column >
                    ::to_value(& name)
                ],
            )
            .await?;
        ::core::result::Result::Ok(())
    }
}
