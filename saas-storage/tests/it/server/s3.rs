//! The operations of S3 on a [`Shelf`]. The protocol and the signatures are the business of `s3s`.

use bytes::{Bytes, BytesMut};
use futures_util::{TryStreamExt as _, stream};
use http::{HeaderMap, header};
use s3s::{S3, S3Request, S3Response, S3Result, dto::*, s3_error};

use super::shelf::{Conditions, Contents, Shelf};

async fn collect(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let mut all = BytesMut::new();
    let Some(mut body) = body else {
        return Ok(Bytes::new());
    };
    while let Some(piece) = body
        .try_next()
        .await
        .map_err(|_| s3_error!(IncompleteBody))?
    {
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}

fn conditions(headers: &HeaderMap) -> Conditions {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Conditions {
        absent: text(header::IF_NONE_MATCH) == Some("*"),
        matches: text(header::IF_MATCH).map(|tag| tag.trim_matches('"').to_owned()),
    }
}

fn check_match(headers: &HeaderMap, tag: &str) -> S3Result<()> {
    match conditions(headers).matches {
        Some(wanted) if wanted != tag => Err(s3_error!(PreconditionFailed)),
        _ => Ok(()),
    }
}

fn source(from: &CopySource) -> S3Result<(&str, &str)> {
    match from {
        CopySource::Bucket { bucket, key, .. } => Ok((bucket, key)),
        _ => Err(s3_error!(NotImplemented)),
    }
}

fn upload<'a>(
    contents: &'a mut Contents,
    id: &str,
) -> S3Result<&'a mut std::collections::BTreeMap<i32, Bytes>> {
    contents
        .uploads
        .get_mut(id)
        .ok_or_else(|| s3_error!(NoSuchUpload))
}

#[async_trait::async_trait]
impl S3 for Shelf {
    async fn put_object(
        &self,
        req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let conditions = conditions(&req.headers);
        let (input, length) = (req.input, req.headers.get(header::CONTENT_LENGTH).cloned());
        let bytes = collect(input.body).await?;
        if length.is_some_and(|length| length != *bytes.len().to_string()) {
            return Err(s3_error!(IncompleteBody));
        }
        let stored = self
            .open()
            .put(&input.bucket, &input.key, bytes, &conditions)?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(stored.e_tag()),
            ..Default::default()
        }))
    }

    async fn get_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let found = self.open().find(&req.input.bucket, &req.input.key)?;
        check_match(&req.headers, &found.tag())?;
        let whole = found.bytes.len() as u64;
        let (part, range) = match req.input.range {
            None => (found.bytes.clone(), None),
            Some(range) => {
                let range = range.check(whole)?;
                let shown = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
                (
                    found.bytes.slice(range.start as usize..range.end as usize),
                    Some(shown),
                )
            }
        };
        let pieces: Vec<_> = part
            .chunks(100_000)
            .map(|piece| part.slice_ref(piece))
            .collect();
        let pieces = stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::wrap(pieces)),
            content_length: Some(part.len() as i64),
            content_range: range,
            e_tag: Some(found.e_tag()),
            last_modified: Some(found.modified()),
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let found = self.open().find(&req.input.bucket, &req.input.key)?;
        check_match(&req.headers, &found.tag())?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(found.size()),
            e_tag: Some(found.e_tag()),
            last_modified: Some(found.modified()),
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let mut contents = self.open();
        let (bucket, key) = (&req.input.bucket, &req.input.key);
        match contents.find(bucket, key) {
            Ok(found) => check_match(&req.headers, &found.tag())?,
            Err(error) if conditions(&req.headers).matches.is_some() => return Err(error),
            Err(_) => {}
        }
        contents.bucket(bucket)?.remove(key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let mut contents = self.open();
        let bucket = contents.bucket(&req.input.bucket)?;
        let mut deleted = Vec::new();
        for object in req.input.delete.objects {
            bucket.remove(&object.key);
            deleted.push(DeletedObject {
                key: Some(object.key),
                ..Default::default()
            });
        }
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: Some(deleted),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let limit = input.max_keys.unwrap_or(1000).clamp(0, 1000);
        let after = input
            .continuation_token
            .as_deref()
            .or(input.start_after.as_deref());
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let (page, more) = self
            .open()
            .page(&input.bucket, prefix, after, limit as usize)?;
        let next = page.last().map(|(key, _)| key.clone()).filter(|_| more);
        let objects = page.into_iter().map(|(key, object)| Object {
            key: Some(key),
            size: Some(object.size()),
            e_tag: Some(object.e_tag()),
            last_modified: Some(object.modified()),
            ..Default::default()
        });
        let objects: Vec<_> = objects.collect();
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            key_count: Some(objects.len() as i32),
            contents: Some(objects),
            is_truncated: Some(more),
            max_keys: Some(limit),
            next_continuation_token: next,
            prefix: input.prefix,
            ..Default::default()
        }))
    }

    async fn copy_object(
        &self,
        req: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let (conditions, input) = (conditions(&req.headers), req.input);
        let mut contents = self.open();
        let (bucket, key) = source(&input.copy_source)?;
        let found = contents.find(bucket, key)?;
        let stored = contents.put(&input.bucket, &input.key, found.bytes, &conditions)?;
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(stored.e_tag()),
                last_modified: Some(stored.modified()),
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let id = saas_core::Id::<()>::generate().to_string();
        self.open().uploads.insert(id.clone(), Default::default());
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(req.input.bucket),
            key: Some(req.input.key),
            upload_id: Some(id),
            ..Default::default()
        }))
    }

    async fn upload_part(
        &self,
        req: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = req.input;
        let bytes = collect(input.body).await?;
        let tag = format!("{:032x}", bytes.len());
        upload(&mut self.open(), &input.upload_id)?.insert(input.part_number, bytes);
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(tag)),
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let (conditions, input) = (conditions(&req.headers), req.input);
        let mut contents = self.open();
        let sent = upload(&mut contents, &input.upload_id)?.clone();
        let parts = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        let mut whole = BytesMut::new();
        let last = parts.len().saturating_sub(1);
        for (n, part) in parts.iter().enumerate() {
            let bytes = part.part_number.and_then(|number| sent.get(&number));
            let bytes = bytes.ok_or_else(|| s3_error!(InvalidPart))?;
            if n < last && bytes.len() < 5 << 20 {
                return Err(s3_error!(EntityTooSmall));
            }
            whole.extend_from_slice(bytes);
        }
        let stored = contents.put(&input.bucket, &input.key, whole.freeze(), &conditions)?;
        contents.uploads.remove(&input.upload_id);
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(stored.e_tag()),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.open().uploads.remove(&req.input.upload_id);
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}
