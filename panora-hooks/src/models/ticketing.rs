// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! Tickets of a help desk or an issue tracker.

use serde_json::Value;

use super::{DateTime, Expandable, FieldMappings, any_event::any_event, model::model, open_enum::open_enum};

open_enum! {
    /// The values of [`Collection::collection_type`].
    pub enum CollectionType {
        Project = "PROJECT",
        List = "LIST",
    }
}

open_enum! {
    /// The values of [`Comment::creator_type`] and [`CommentInput::creator_type`].
    pub enum CommentCreatorType {
        User = "USER",
        Contact = "CONTACT",
    }
}

open_enum! {
    /// The values of [`Ticket::status`].
    pub enum TicketStatus {
        Open = "OPEN",
        Closed = "CLOSED",
    }
}

open_enum! {
    /// The values of [`Ticket::type`].
    pub enum TicketType {
        Bug = "BUG",
        Subtask = "SUBTASK",
        Task = "TASK",
        ToDo = "TO-DO",
    }
}

open_enum! {
    /// The values of [`Ticket::priority`].
    pub enum TicketPriority {
        High = "HIGH",
        Medium = "MEDIUM",
        Low = "LOW",
    }
}

model! {
    /// An account.
    ///
    /// `ticketing.account.created`, `ticketing.account.deleted` and `ticketing.account.updated` carry one,
    /// but no known release sends that.
    pub struct Account in "ticketing" {
        pub name: Option<String>,
        pub domains: Option<Vec<String>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// An account, as a row of Panora's table `tcg_accounts`.
    ///
    /// `ticketing.account.pulled` carries a list of these.
    pub struct AccountRow in "ticketing" {
        pub id_tcg_account: String,
        pub remote_id: Option<String>,
        pub name: Option<String>,
        pub domains: Option<Vec<String>>,
        pub remote_platform: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_linked_user: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An attachment.
    ///
    /// `ticketing.attachment.created` carries one.
    pub struct Attachment in "ticketing" {
        pub id: String,
        pub file_name: Option<String>,
        pub file_url: Option<String>,
        pub uploader: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// Only there where it is set.
        pub comment_id: Option<String>,
        /// Only there where it is set.
        pub ticket_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// An attachment, as a row of Panora's table `tcg_attachments`.
    ///
    /// `ticketing.attachment.pulled` carries a list of these, but no known release sends that.
    ///
    /// Part of [`Comment`] and [`Ticket`], too.
    pub struct AttachmentRow in "ticketing" {
        pub id_tcg_attachment: String,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub file_name: Option<String>,
        pub file_url: Option<String>,
        pub uploader: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_linked_user: Option<String>,
        pub id_tcg_ticket: Option<String>,
        pub id_tcg_comment: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A collection.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Collection in "ticketing" {
        pub name: Option<String>,
        pub description: Option<String>,
        pub collection_type: Option<CollectionType>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A collection, as a row of Panora's table `tcg_collections`.
    ///
    /// `ticketing.collection.pulled` carries a list of these.
    ///
    /// Part of [`Ticket`], too.
    pub struct CollectionRow in "ticketing" {
        pub id_tcg_collection: String,
        pub name: Option<String>,
        pub description: Option<String>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub collection_type: Option<CollectionType>,
        pub parent_collection: Option<String>,
        pub id_tcg_ticket: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_linked_user: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A comment.
    ///
    /// `ticketing.comment.created` carries one.
    ///
    /// `ticketing.comment.deleted` and `ticketing.comment.updated` carry one, but no known release sends
    /// that.
    pub struct Comment in "ticketing" {
        pub id: String,
        pub body: Option<String>,
        pub html_body: Option<String>,
        pub is_private: Option<bool>,
        pub creator_type: Option<CommentCreatorType>,
        pub ticket_id: Option<String>,
        pub contact_id: Option<String>,
        pub user_id: Option<String>,
        pub attachments: Option<Vec<AttachmentRow>>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A comment, as a row of Panora's table `tcg_comments`.
    ///
    /// `ticketing.comment.pulled` and `ticketing.comment.synced` carry a list of these.
    pub struct CommentRow in "ticketing" {
        pub id_tcg_comment: String,
        pub body: Option<String>,
        pub html_body: Option<String>,
        pub is_private: Option<bool>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub creator_type: Option<CommentCreatorType>,
        pub id_tcg_attachment: Option<Vec<String>>,
        pub id_tcg_ticket: Option<String>,
        pub id_tcg_contact: Option<String>,
        pub id_tcg_user: Option<String>,
        pub id_linked_user: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A comment input: part of [`Ticket`].
    pub struct CommentInput in "ticketing" {
        pub body: Option<String>,
        pub html_body: Option<String>,
        pub is_private: Option<bool>,
        pub creator_type: Option<CommentCreatorType>,
        pub ticket_id: Option<String>,
        pub contact_id: Option<String>,
        pub user_id: Option<String>,
        pub attachments: Option<Vec<Expandable<Attachment>>>,
    }
}

model! {
    /// A contact.
    ///
    /// `ticketing.contact.created`, `ticketing.contact.deleted` and `ticketing.contact.updated` carry one,
    /// but no known release sends that.
    pub struct Contact in "ticketing" {
        pub name: Option<String>,
        pub email_address: Option<String>,
        pub phone_number: Option<String>,
        pub details: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A contact, as a row of Panora's table `tcg_contacts`.
    ///
    /// `ticketing.contact.pulled` carries a list of these.
    pub struct ContactRow in "ticketing" {
        pub id_tcg_contact: String,
        pub name: Option<String>,
        pub email_address: Option<String>,
        pub phone_number: Option<String>,
        pub details: Option<String>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_tcg_account: Option<String>,
        pub id_linked_user: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A tag.
    ///
    /// `ticketing.tag.created`, `ticketing.tag.deleted` and `ticketing.tag.updated` carry one, but no known
    /// release sends that.
    pub struct Tag in "ticketing" {
        pub name: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A tag, as a row of Panora's table `tcg_tags`.
    ///
    /// `ticketing.tag.pulled` carries a list of these.
    ///
    /// Part of [`Ticket`], too.
    pub struct TagRow in "ticketing" {
        pub id_tcg_tag: String,
        pub name: Option<String>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub id_tcg_ticket: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_linked_user: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A team.
    ///
    /// `ticketing.team.created`, `ticketing.team.deleted` and `ticketing.team.updated` carry one, but no
    /// known release sends that.
    pub struct Team in "ticketing" {
        pub name: Option<String>,
        pub description: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A team, as a row of Panora's table `tcg_teams`.
    ///
    /// `ticketing.team.pulled` carries a list of these.
    pub struct TeamRow in "ticketing" {
        pub id_tcg_team: String,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub name: Option<String>,
        pub description: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_linked_user: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A ticket.
    ///
    /// `ticketing.ticket.created` carries one.
    ///
    /// `ticketing.ticket.deleted` and `ticketing.ticket.updated` carry one, but no known release sends that.
    pub struct Ticket in "ticketing" {
        pub id: String,
        pub name: Option<String>,
        pub status: Option<TicketStatus>,
        pub description: Option<String>,
        pub due_date: Option<DateTime>,
        pub r#type: Option<TicketType>,
        pub parent_ticket: Option<String>,
        pub completed_at: Option<DateTime>,
        pub priority: Option<TicketPriority>,
        pub assigned_to: Option<Vec<String>>,
        pub tags: Option<Vec<Option<TagRow>>>,
        pub collections: Option<Vec<Option<CollectionRow>>>,
        pub attachments: Option<Vec<AttachmentRow>>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        /// In Panora's API; no event carries it.
        pub comment: Option<CommentInput>,
        /// In Panora's API; no event carries it.
        pub account_id: Option<String>,
        /// In Panora's API; no event carries it.
        pub contact_id: Option<String>,
    }
}

model! {
    /// A ticket, as a row of Panora's table `tcg_tickets`.
    ///
    /// `ticketing.ticket.pulled` and `ticketing.ticket.synced` carry a list of these.
    pub struct TicketRow in "ticketing" {
        pub id_tcg_ticket: String,
        pub name: Option<String>,
        pub status: Option<TicketStatus>,
        pub description: Option<String>,
        pub due_date: Option<DateTime>,
        pub ticket_type: Option<TicketType>,
        pub parent_ticket: Option<String>,
        pub tags: Option<Vec<String>>,
        pub collections: Option<Vec<String>>,
        pub completed_at: Option<DateTime>,
        pub priority: Option<TicketPriority>,
        pub assigned_to: Option<Vec<String>>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub creator_type: Option<String>,
        pub id_tcg_user: Option<String>,
        pub id_linked_user: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A user.
    ///
    /// `ticketing.user.created`, `ticketing.user.deleted` and `ticketing.user.updated` carry one, but no
    /// known release sends that.
    pub struct User in "ticketing" {
        pub name: Option<String>,
        pub email_address: Option<String>,
        pub teams: Option<Vec<String>>,
        pub account_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A user, as a row of Panora's table `tcg_users`.
    ///
    /// `ticketing.user.pulled` carries a list of these.
    pub struct UserRow in "ticketing" {
        pub id_tcg_user: String,
        pub name: Option<String>,
        pub email_address: Option<String>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub teams: Option<Vec<String>>,
        pub id_linked_user: Option<String>,
        pub id_connection: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

any_event! {
    /// Any event of this vertical, for a hook on `ticketing.*` or another prefix.
    pub enum AnyEvent in "ticketing" {
        /// `ticketing.account.created`, which no known release sends.
        AccountCreated(Account): "ticketing.account.created",
        /// `ticketing.account.deleted`, which no known release sends.
        AccountDeleted(Account): "ticketing.account.deleted",
        /// `ticketing.account.pulled`.
        AccountPulled(Vec<AccountRow>): "ticketing.account.pulled",
        /// `ticketing.account.updated`, which no known release sends.
        AccountUpdated(Account): "ticketing.account.updated",
        /// `ticketing.attachment.created`.
        AttachmentCreated(Attachment): "ticketing.attachment.created",
        /// `ticketing.attachment.pulled`, which no known release sends.
        AttachmentPulled(Vec<AttachmentRow>): "ticketing.attachment.pulled",
        /// `ticketing.collection.pulled`.
        CollectionPulled(Vec<CollectionRow>): "ticketing.collection.pulled",
        /// `ticketing.comment.created`.
        CommentCreated(Comment): "ticketing.comment.created",
        /// `ticketing.comment.deleted`, which no known release sends.
        CommentDeleted(Comment): "ticketing.comment.deleted",
        /// `ticketing.comment.pulled` or `ticketing.comment.synced`.
        CommentPulled(Vec<CommentRow>): "ticketing.comment.pulled" | "ticketing.comment.synced",
        /// `ticketing.comment.updated`, which no known release sends.
        CommentUpdated(Comment): "ticketing.comment.updated",
        /// `ticketing.contact.created`, which no known release sends.
        ContactCreated(Contact): "ticketing.contact.created",
        /// `ticketing.contact.deleted`, which no known release sends.
        ContactDeleted(Contact): "ticketing.contact.deleted",
        /// `ticketing.contact.pulled`.
        ContactPulled(Vec<ContactRow>): "ticketing.contact.pulled",
        /// `ticketing.contact.updated`, which no known release sends.
        ContactUpdated(Contact): "ticketing.contact.updated",
        /// `ticketing.tag.created`, which no known release sends.
        TagCreated(Tag): "ticketing.tag.created",
        /// `ticketing.tag.deleted`, which no known release sends.
        TagDeleted(Tag): "ticketing.tag.deleted",
        /// `ticketing.tag.pulled`.
        TagPulled(Vec<TagRow>): "ticketing.tag.pulled",
        /// `ticketing.tag.updated`, which no known release sends.
        TagUpdated(Tag): "ticketing.tag.updated",
        /// `ticketing.team.created`, which no known release sends.
        TeamCreated(Team): "ticketing.team.created",
        /// `ticketing.team.deleted`, which no known release sends.
        TeamDeleted(Team): "ticketing.team.deleted",
        /// `ticketing.team.pulled`.
        TeamPulled(Vec<TeamRow>): "ticketing.team.pulled",
        /// `ticketing.team.updated`, which no known release sends.
        TeamUpdated(Team): "ticketing.team.updated",
        /// `ticketing.ticket.created`.
        TicketCreated(Ticket): "ticketing.ticket.created",
        /// `ticketing.ticket.deleted`, which no known release sends.
        TicketDeleted(Ticket): "ticketing.ticket.deleted",
        /// `ticketing.ticket.pulled` or `ticketing.ticket.synced`.
        TicketPulled(Vec<TicketRow>): "ticketing.ticket.pulled" | "ticketing.ticket.synced",
        /// `ticketing.ticket.updated`, which no known release sends.
        TicketUpdated(Ticket): "ticketing.ticket.updated",
        /// `ticketing.user.created`, which no known release sends.
        UserCreated(User): "ticketing.user.created",
        /// `ticketing.user.deleted`, which no known release sends.
        UserDeleted(User): "ticketing.user.deleted",
        /// `ticketing.user.pulled`.
        UserPulled(Vec<UserRow>): "ticketing.user.pulled",
        /// `ticketing.user.updated`, which no known release sends.
        UserUpdated(User): "ticketing.user.updated",
    }
}
