//! Authorization codes.
mod row;
pub(crate) use row::UsedCodeRow;
