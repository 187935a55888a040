// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! Customer relationship management.

use serde_json::Value;

use super::{DateTime, FieldMappings, any_event::any_event, model::model, open_enum::open_enum};

open_enum! {
    /// The values of [`Email::email_address_type`].
    pub enum EmailAddressType {
        Personal = "PERSONAL",
        Work = "WORK",
    }
}

open_enum! {
    /// The values of [`Email::owner_type`].
    pub enum EmailOwnerType {
        Company = "COMPANY",
        Contact = "CONTACT",
    }
}

open_enum! {
    /// The values of [`Engagement::direction`].
    pub enum EngagementDirection {
        Inbound = "INBOUND",
        Outbound = "OUTBOUND",
    }
}

open_enum! {
    /// The values of [`Engagement::type`].
    pub enum EngagementType {
        Email = "EMAIL",
        Call = "CALL",
        Meeting = "MEETING",
    }
}

open_enum! {
    /// The values of [`Task::status`].
    pub enum TaskStatus {
        Pending = "PENDING",
        Completed = "COMPLETED",
    }
}

model! {
    /// An email: part of [`Company`] and [`Contact`].
    pub struct Email in "crm" {
        pub email_address: Option<String>,
        pub email_address_type: Option<EmailAddressType>,
        pub owner_type: Option<EmailOwnerType>,
    }
}

model! {
    /// A phone: part of [`Company`] and [`Contact`].
    pub struct Phone in "crm" {
        pub phone_number: Option<String>,
        pub phone_type: Option<String>,
        pub owner_type: Option<String>,
    }
}

model! {
    /// An address, as a row of Panora's table `crm_addresses`.
    ///
    /// Part of [`Company`] and [`Contact`], too.
    pub struct AddressRow in "crm" {
        pub id_crm_address: String,
        pub street_1: Option<String>,
        pub street_2: Option<String>,
        pub city: Option<String>,
        pub state: Option<String>,
        pub postal_code: Option<String>,
        pub country: Option<String>,
        pub address_type: Option<String>,
        pub id_crm_company: Option<String>,
        pub id_crm_contact: Option<String>,
        pub id_connection: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub owner_type: Option<String>,
    }
}

model! {
    /// A company.
    ///
    /// `crm.company.created` carries one.
    pub struct Company in "crm" {
        pub id: String,
        pub name: Option<String>,
        pub industry: Option<String>,
        /// 0 where nothing is known.
        pub number_of_employees: Option<i64>,
        pub user_id: Option<String>,
        pub email_addresses: Option<Vec<Email>>,
        pub phone_numbers: Option<Vec<Phone>>,
        pub addresses: Option<Vec<AddressRow>>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A company, as a row of Panora's table `crm_companies`.
    ///
    /// `crm.company.pulled` carries a list of these.
    pub struct CompanyRow in "crm" {
        pub id_crm_company: String,
        pub name: Option<String>,
        pub industry: Option<String>,
        /// Arrives as digits in a string.
        pub number_of_employees: Option<i64>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub id_crm_user: Option<String>,
        pub id_linked_user: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A contact.
    ///
    /// `crm.contact.created` carries one.
    ///
    /// `crm.contact.deleted` and `crm.contact.updated` carry one, but no known release sends that.
    pub struct Contact in "crm" {
        pub id: String,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub email_addresses: Option<Vec<Email>>,
        pub phone_numbers: Option<Vec<Phone>>,
        pub addresses: Option<Vec<AddressRow>>,
        pub user_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A contact, as a row of Panora's table `crm_contacts`.
    ///
    /// `crm.contact.pulled` carries a list of these.
    ///
    /// `crm.contact.synced` carries a list of these, but no known release sends that.
    pub struct ContactRow in "crm" {
        pub id_crm_contact: String,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub id_crm_user: Option<String>,
        pub id_linked_user: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A deal.
    ///
    /// `crm.deal.created` carries one.
    ///
    /// `crm.deal.deleted` and `crm.deal.updated` carry one, but no known release sends that.
    pub struct Deal in "crm" {
        pub id: String,
        pub name: Option<String>,
        pub description: Option<String>,
        /// Beyond 2^53 JavaScript has rounded it.
        pub amount: Option<i64>,
        pub stage_id: Option<String>,
        pub user_id: Option<String>,
        pub company_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A deal, as a row of Panora's table `crm_deals`.
    ///
    /// `crm.deal.pulled` carries a list of these.
    pub struct DealRow in "crm" {
        pub id_crm_deal: String,
        pub name: Option<String>,
        pub description: Option<String>,
        /// Arrives as digits in a string.
        pub amount: Option<i64>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub id_crm_user: Option<String>,
        pub id_crm_deals_stage: Option<String>,
        pub id_linked_user: Option<String>,
        pub id_crm_company: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An engagement.
    ///
    /// `crm.engagement.created` carries one.
    ///
    /// `crm.engagement.deleted` and `crm.engagement.updated` carry one, but no known release sends that.
    pub struct Engagement in "crm" {
        pub id: String,
        pub content: Option<String>,
        pub direction: Option<EngagementDirection>,
        pub subject: Option<String>,
        pub start_at: Option<DateTime>,
        pub end_time: Option<DateTime>,
        pub r#type: Option<EngagementType>,
        pub company_id: Option<String>,
        pub user_id: Option<String>,
        pub contacts: Option<Vec<String>>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// An engagement, as a row of Panora's table `crm_engagements`.
    ///
    /// `crm.engagement.pulled` carries a list of these.
    pub struct EngagementRow in "crm" {
        pub id_crm_engagement: String,
        pub content: Option<String>,
        pub r#type: Option<EngagementType>,
        pub direction: Option<EngagementDirection>,
        pub subject: Option<String>,
        pub start_at: Option<DateTime>,
        pub end_time: Option<DateTime>,
        pub remote_id: Option<String>,
        pub id_linked_user: Option<String>,
        pub remote_platform: Option<String>,
        pub id_crm_company: Option<String>,
        pub id_crm_user: Option<String>,
        pub id_connection: Option<String>,
        pub contacts: Option<Vec<String>>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A note.
    ///
    /// `crm.note.created` carries one.
    ///
    /// `crm.note.deleted` and `crm.note.updated` carry one, but no known release sends that.
    pub struct Note in "crm" {
        pub id: String,
        pub content: Option<String>,
        pub company_id: Option<String>,
        pub contact_id: Option<String>,
        pub deal_id: Option<String>,
        pub user_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A note, as a row of Panora's table `crm_notes`.
    ///
    /// `crm.note.pulled` carries a list of these.
    pub struct NoteRow in "crm" {
        pub id_crm_note: String,
        pub content: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_crm_company: Option<String>,
        pub id_crm_contact: Option<String>,
        pub id_crm_deal: Option<String>,
        pub id_linked_user: Option<String>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub id_crm_user: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A stage.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Stage in "crm" {
        pub stage_name: Option<String>,
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
    /// A stage, as a row of Panora's table `crm_deals_stages`.
    ///
    /// `crm.stage.pulled` carries a list of these.
    pub struct StageRow in "crm" {
        pub id_crm_deals_stage: String,
        pub stage_name: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_linked_user: Option<String>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A task.
    ///
    /// `crm.task.created` carries one.
    ///
    /// `crm.task.deleted` and `crm.task.updated` carry one, but no known release sends that.
    pub struct Task in "crm" {
        pub id: String,
        pub subject: Option<String>,
        pub content: Option<String>,
        pub status: Option<TaskStatus>,
        pub due_date: Option<DateTime>,
        pub finished_date: Option<DateTime>,
        pub company_id: Option<String>,
        pub deal_id: Option<String>,
        pub user_id: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        /// In Panora's API; no event carries it.
        pub field_mappings: Option<FieldMappings>,
    }
}

model! {
    /// A task, as a row of Panora's table `crm_tasks`.
    ///
    /// `crm.task.pulled` carries a list of these.
    pub struct TaskRow in "crm" {
        pub id_crm_task: String,
        pub subject: Option<String>,
        pub content: Option<String>,
        pub status: Option<TaskStatus>,
        pub due_date: Option<DateTime>,
        pub finished_date: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_crm_user: Option<String>,
        pub id_crm_company: Option<String>,
        pub id_crm_deal: Option<String>,
        pub id_linked_user: Option<String>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A user.
    ///
    /// `crm.user.created`, `crm.user.deleted` and `crm.user.updated` carry one, but no known release sends
    /// that.
    pub struct User in "crm" {
        pub name: Option<String>,
        pub email: Option<String>,
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
    /// A user, as a row of Panora's table `crm_users`.
    ///
    /// `crm.user.pulled` carries a list of these.
    pub struct UserRow in "crm" {
        pub id_crm_user: String,
        pub name: Option<String>,
        pub email: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_linked_user: Option<String>,
        pub remote_id: Option<String>,
        pub remote_platform: Option<String>,
        pub id_connection: Option<String>,
    }
}

any_event! {
    /// Any event of this vertical, for a hook on `crm.*` or another prefix.
    pub enum AnyEvent in "crm" {
        /// `crm.company.created`.
        CompanyCreated(Company): "crm.company.created",
        /// `crm.company.pulled`.
        CompanyPulled(Vec<CompanyRow>): "crm.company.pulled",
        /// `crm.contact.created`.
        ContactCreated(Contact): "crm.contact.created",
        /// `crm.contact.deleted`, which no known release sends.
        ContactDeleted(Contact): "crm.contact.deleted",
        /// `crm.contact.pulled` or `crm.contact.synced`.
        ContactPulled(Vec<ContactRow>): "crm.contact.pulled" | "crm.contact.synced",
        /// `crm.contact.updated`, which no known release sends.
        ContactUpdated(Contact): "crm.contact.updated",
        /// `crm.deal.created`.
        DealCreated(Deal): "crm.deal.created",
        /// `crm.deal.deleted`, which no known release sends.
        DealDeleted(Deal): "crm.deal.deleted",
        /// `crm.deal.pulled`.
        DealPulled(Vec<DealRow>): "crm.deal.pulled",
        /// `crm.deal.updated`, which no known release sends.
        DealUpdated(Deal): "crm.deal.updated",
        /// `crm.engagement.created`.
        EngagementCreated(Engagement): "crm.engagement.created",
        /// `crm.engagement.deleted`, which no known release sends.
        EngagementDeleted(Engagement): "crm.engagement.deleted",
        /// `crm.engagement.pulled`.
        EngagementPulled(Vec<EngagementRow>): "crm.engagement.pulled",
        /// `crm.engagement.updated`, which no known release sends.
        EngagementUpdated(Engagement): "crm.engagement.updated",
        /// `crm.note.created`.
        NoteCreated(Note): "crm.note.created",
        /// `crm.note.deleted`, which no known release sends.
        NoteDeleted(Note): "crm.note.deleted",
        /// `crm.note.pulled`.
        NotePulled(Vec<NoteRow>): "crm.note.pulled",
        /// `crm.note.updated`, which no known release sends.
        NoteUpdated(Note): "crm.note.updated",
        /// `crm.stage.pulled`.
        StagePulled(Vec<StageRow>): "crm.stage.pulled",
        /// `crm.task.created`.
        TaskCreated(Task): "crm.task.created",
        /// `crm.task.deleted`, which no known release sends.
        TaskDeleted(Task): "crm.task.deleted",
        /// `crm.task.pulled`.
        TaskPulled(Vec<TaskRow>): "crm.task.pulled",
        /// `crm.task.updated`, which no known release sends.
        TaskUpdated(Task): "crm.task.updated",
        /// `crm.user.created`, which no known release sends.
        UserCreated(User): "crm.user.created",
        /// `crm.user.deleted`, which no known release sends.
        UserDeleted(User): "crm.user.deleted",
        /// `crm.user.pulled`.
        UserPulled(Vec<UserRow>): "crm.user.pulled",
        /// `crm.user.updated`, which no known release sends.
        UserUpdated(User): "crm.user.updated",
    }
}
