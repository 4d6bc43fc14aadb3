//! Addresses that OpenDAL signs in the manner of the service.

use opendal::{ErrorKind, Operator};

use crate::{
    Error, Presigned, SignRequest, SignedMethod, disposition::attachment, error::from_opendal,
};

/// Signs an address; gives none where the service or its credentials cannot.
pub(super) async fn native(
    operator: &Operator,
    object: &str,
    request: &SignRequest,
) -> Result<Option<Presigned>, Error> {
    let signed = match request.method {
        // Whatever a tenant uploads stays data, also where a browser opens it.
        SignedMethod::Get => {
            let name = request.file_name.as_deref();
            let name = name.unwrap_or_else(|| object.rsplit('/').next().unwrap_or(object));
            operator
                .presign_read_with(object, request.expires_in)
                .override_content_disposition(&attachment(name))
                .await
        }
        SignedMethod::Put => {
            let put = operator.presign_write_with(object, request.expires_in);
            match &request.content_type {
                Some(kind) => put.content_type(kind).await,
                None => put.await,
            }
        }
    };
    let signed = match signed {
        Ok(signed) => signed,
        Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(None),
        Err(error) => return Err(from_opendal(error)),
    };
    let headers = signed.header().iter().filter(|(name, _)| *name != "host");
    let headers = headers.filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let url = signed.uri().to_string();
    Ok(Some(Presigned::new(url, headers.collect())))
}
