//! Files per tenant over OpenDAL.
