//! Who is it: accounts, passwords, tokens.
