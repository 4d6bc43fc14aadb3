//! The words. A tenant may have its own in their place; see [`MailTemplate`].

use saas_core::mail::MailTemplate;

pub(super) const ALL: &[MailTemplate] = &[
    INVITATION,
    VERIFY,
    RESET,
    PASSWORD_CHANGED,
    FACTORS_CHANGED,
    FACTORS_GUESSED,
    SIGN_IN_CODE,
    EMAIL_CHANGE,
    EMAIL_CHANGE_NOTICE,
    EMAIL_CHANGED,
    DEACTIVATED,
    DELETED,
];

pub(super) const INVITATION: MailTemplate = MailTemplate::new("auth/invitation")
    .values(&["inviter", "valid"])
    .secrets(&["link"])
    .subject("You are invited to {{ tenant.name }}")
    .text(
        "Hello,\n\n\
         {{ inviter }} invites you to {{ tenant.name }}. To join, open this link within {{ valid }}:\n\n\
         {{ link }}\n\n\
         If you did not expect this invitation, you can ignore it: nothing happens.\n",
    )
    .html(
        "<p>Hello,</p>\
         <p>{{ inviter }} invites you to {{ tenant.name }}.</p>\
         <p><a href=\"{{ link }}\">Join {{ tenant.name }}</a></p>\
         <p>The link is good for {{ valid }}. If you did not expect this invitation, you can ignore it: \
         nothing happens.</p>",
    );

pub(super) const VERIFY: MailTemplate = MailTemplate::new("auth/verify-address")
    .values(&["name", "valid"])
    .secrets(&["link"])
    .subject("Please confirm your e-mail address")
    .text(
        "Hello {{ name }},\n\n\
         please confirm that this is your e-mail address at {{ tenant.name }}, within {{ valid }}:\n\n\
         {{ link }}\n\n\
         If you have no account there, somebody has mistyped theirs, and you can ignore this letter.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>please confirm that this is your e-mail address at {{ tenant.name }}.</p>\
         <p><a href=\"{{ link }}\">Confirm the address</a></p>\
         <p>The link is good for {{ valid }}. If you have no account there, somebody has mistyped theirs, and \
         you can ignore this letter.</p>",
    );

pub(super) const RESET: MailTemplate = MailTemplate::new("auth/reset-password")
    .values(&["name", "valid"])
    .secrets(&["link"])
    .subject("Choose a new password")
    .text(
        "Hello {{ name }},\n\n\
         somebody, probably you, has forgotten the password of your account at {{ tenant.name }}. To choose a new \
         one, open this link within {{ valid }}:\n\n\
         {{ link }}\n\n\
         If it was not you, you can ignore this letter: your password stays as it is. Do not pass the link on; \
         whoever has it can take over your account.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>somebody, probably you, has forgotten the password of your account at {{ tenant.name }}.</p>\
         <p><a href=\"{{ link }}\">Choose a new password</a></p>\
         <p>The link is good for {{ valid }}. If it was not you, you can ignore this letter: your password stays \
         as it is. Do not pass the link on; whoever has it can take over your account.</p>",
    );

pub(super) const PASSWORD_CHANGED: MailTemplate = MailTemplate::new("auth/password-changed")
    .values(&["name"])
    .subject("Your password was changed")
    .text(
        "Hello {{ name }},\n\n\
         the password of your account at {{ tenant.name }} was changed, and you have been signed out everywhere.\n\n\
         If it was not you, ask at once for a new password on the sign-in page, and tell those who run \
         {{ tenant.name }}.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>the password of your account at {{ tenant.name }} was changed, and you have been signed out \
         everywhere.</p>\
         <p>If it was not you, ask at once for a new password on the sign-in page, and tell those who run \
         {{ tenant.name }}.</p>",
    );

pub(super) const EMAIL_CHANGE: MailTemplate = MailTemplate::new("auth/change-address")
    .values(&["name", "valid"])
    .secrets(&["link"])
    .subject("Please confirm your new e-mail address")
    .text(
        "Hello {{ name }},\n\n\
         you want to use this address for your account at {{ tenant.name }}. Please confirm it within {{ valid }}:\n\n\
         {{ link }}\n\n\
         Until then your old address stays. If it was not you, you can ignore this letter.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>you want to use this address for your account at {{ tenant.name }}.</p>\
         <p><a href=\"{{ link }}\">Confirm the new address</a></p>\
         <p>The link is good for {{ valid }}. Until then your old address stays. If it was not you, you can \
         ignore this letter.</p>",
    );

pub(super) const EMAIL_CHANGE_NOTICE: MailTemplate = MailTemplate::new("auth/change-address-notice")
    .values(&["name"])
    .subject("Your e-mail address is about to change")
    .text(
        "Hello {{ name }},\n\n\
         another e-mail address was asked for in your account at {{ tenant.name }}. It will take the place of this \
         one as soon as it is confirmed.\n\n\
         If it was not you, change your password now: that stops it.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>another e-mail address was asked for in your account at {{ tenant.name }}. It will take the place of \
         this one as soon as it is confirmed.</p>\
         <p>If it was not you, change your password now: that stops it.</p>",
    );

pub(super) const EMAIL_CHANGED: MailTemplate = MailTemplate::new("auth/address-changed")
    .values(&["name"])
    .subject("Your e-mail address was changed")
    .text(
        "Hello {{ name }},\n\n\
         your account at {{ tenant.name }} has another e-mail address now. This is the last letter to this one.\n\n\
         If it was not you, tell those who run {{ tenant.name }} at once.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>your account at {{ tenant.name }} has another e-mail address now. This is the last letter to this \
         one.</p>\
         <p>If it was not you, tell those who run {{ tenant.name }} at once.</p>",
    );

pub(super) const DEACTIVATED: MailTemplate = MailTemplate::new("auth/account-deactivated")
    .values(&["name"])
    .subject("Your account is deactivated")
    .text(
        "Hello {{ name }},\n\n\
         your account is deactivated, and you have been signed out everywhere. To use it again, choose a new \
         password: the sign-in page of {{ tenant.name }} sends you a link.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>your account is deactivated, and you have been signed out everywhere. To use it again, choose a new \
         password: the sign-in page of {{ tenant.name }} sends you a link.</p>",
    );

pub(super) const DELETED: MailTemplate = MailTemplate::new("auth/account-deleted")
    .subject("Your account is deleted")
    .text(
        "Hello,\n\n\
         your account is deleted, as you wished, with your memberships of {{ tenant.name }} and everywhere else. \
         This is the last letter.\n",
    )
    .html(
        "<p>Hello,</p>\
         <p>your account is deleted, as you wished, with your memberships of {{ tenant.name }} and everywhere \
         else. This is the last letter.</p>",
    );

pub(super) const FACTORS_CHANGED: MailTemplate = MailTemplate::new("auth/factors-changed")
    .values(&["name", "what"])
    .subject("Your second factors have changed")
    .text(
        "Hello {{ name }},\n\n\
         on your account at {{ tenant.name }} {{ what }}.\n\n\
         If that was not you, set a new password at once and tell your administrator.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>on your account at {{ tenant.name }} {{ what }}.</p>\
         <p>If that was not you, set a new password at once and tell your administrator.</p>",
    );

pub(super) const FACTORS_GUESSED: MailTemplate = MailTemplate::new("auth/factors-guessed")
    .values(&["name"])
    .subject("Somebody guesses at your sign-in codes")
    .text(
        "Hello {{ name }},\n\n\
         after the password of your account at {{ tenant.name }} a hundred codes were entered, and none was right. \
         For a day no further one is looked at, and nobody signs in with one.\n\n\
         If that was not you, somebody knows your password: set a new one at once.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>after the password of your account at {{ tenant.name }} a hundred codes were entered, and none was \
         right. For a day no further one is looked at, and nobody signs in with one.</p>\
         <p>If that was not you, somebody knows your password: set a new one at once.</p>",
    );

pub(super) const SIGN_IN_CODE: MailTemplate = MailTemplate::new("auth/sign-in-code")
    .values(&["name", "valid"])
    .secrets(&["code"])
    .subject("Your code to sign in")
    .text(
        "Hello {{ name }},\n\n\
         this is your code to sign in to {{ tenant.name }}. It is good once, for {{ valid }}, and on the page on which \
         you have just entered your password:\n\n\
         {{ code }}\n\n\
         Nobody who works for {{ tenant.name }} asks you for it. If it was not you who has just signed in, somebody \
         knows your password: set a new one at once.\n",
    )
    .html(
        "<p>Hello {{ name }},</p>\
         <p>this is your code to sign in to {{ tenant.name }}. It is good once, for {{ valid }}, and on the page on \
         which you have just entered your password:</p>\
         <p><strong>{{ code }}</strong></p>\
         <p>Nobody who works for {{ tenant.name }} asks you for it. If it was not you who has just signed in, \
         somebody knows your password: set a new one at once.</p>",
    );
