// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! Applicant tracking.
//!
//! Panora removed this vertical in November 2024: only older deployments send its events.

use serde_json::Value;

use super::{DateTime, Expandable, FieldMappings, any_event::any_event, model::model, open_enum::open_enum};

open_enum! {
    /// The values of [`Email::email_address_type`].
    pub enum EmailAddressType {
        Personal = "PERSONAL",
        Work = "WORK",
    }
}

open_enum! {
    /// The values of [`Phone::phone_type`].
    pub enum PhoneType {
        Mobile = "MOBILE",
        Work = "WORK",
    }
}

open_enum! {
    /// The values of [`Activity::visibility`].
    pub enum ActivityVisibility {
        AdminOnly = "ADMIN_ONLY",
        Public = "PUBLIC",
        Private = "PRIVATE",
    }
}

open_enum! {
    /// The values of [`Eeocs::gender`].
    pub enum EeocsGender {
        Male = "MALE",
        Female = "FEMALE",
        NonBinary = "NON_BINARY",
        Other = "OTHER",
        DeclineToSelfIdentify = "DECLINE_TO_SELF_IDENTIFY",
    }
}

open_enum! {
    /// The values of [`Interview::status`].
    pub enum InterviewStatus {
        Scheduled = "SCHEDULED",
        AwaitingFeedback = "AWAITING_FEEDBACK",
        Completed = "COMPLETED",
    }
}

open_enum! {
    /// The values of [`Job::status`].
    pub enum JobStatus {
        Open = "OPEN",
        Closed = "CLOSED",
        Draft = "DRAFT",
        Archived = "ARCHIVED",
        Pending = "PENDING",
    }
}

open_enum! {
    /// The values of [`Job::type`].
    pub enum JobType {
        Posting = "POSTING",
        Requisition = "REQUISITION",
        Profile = "PROFILE",
    }
}

open_enum! {
    /// The values of [`ScoreCard::overall_recommendation`].
    pub enum ScoreCardOverallRecommendation {
        DefinitelyNo = "DEFINITELY_NO",
        No = "NO",
        Yes = "YES",
        StrongYes = "STRONG_YES",
        NoDecision = "NO_DECISION",
    }
}

model! {
    /// An email: part of [`Candidate`].
    pub struct Email in "ats" {
        pub email_address: Option<String>,
        pub email_address_type: Option<EmailAddressType>,
    }
}

model! {
    /// A phone: part of [`Candidate`].
    pub struct Phone in "ats" {
        pub phone_number: Option<String>,
        pub phone_type: Option<PhoneType>,
    }
}

model! {
    /// A url: part of [`Candidate`].
    pub struct Url in "ats" {
        pub url: Option<String>,
        pub url_type: Option<String>,
    }
}

model! {
    /// An activity.
    ///
    /// `ats.activity.created` carries one.
    pub struct Activity in "ats" {
        pub id: String,
        pub activity_type: Option<String>,
        pub subject: Option<String>,
        pub body: Option<String>,
        pub visibility: Option<ActivityVisibility>,
        pub candidate_id: Option<String>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub remote_created_at: Option<DateTime>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// An activity, as a row of Panora's table `ats_activities`.
    ///
    /// `ats.activity.pulled` carries a list of these.
    pub struct ActivityRow in "ats" {
        pub id_ats_activity: String,
        pub activity_type: Option<String>,
        pub subject: Option<String>,
        pub body: Option<String>,
        pub visibility: Option<ActivityVisibility>,
        pub id_ats_candidate: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An application.
    ///
    /// `ats.application.created` carries one.
    pub struct Application in "ats" {
        pub id: String,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub applied_at: Option<DateTime>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub rejected_at: Option<DateTime>,
        pub offers: Option<Vec<String>>,
        pub source: Option<String>,
        pub credited_to: Option<String>,
        pub current_stage: Option<String>,
        pub reject_reason: Option<String>,
        pub candidate_id: Option<String>,
        pub job_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// An application, as a row of Panora's table `ats_applications`.
    ///
    /// `ats.application.pulled` carries a list of these.
    pub struct ApplicationRow in "ats" {
        pub id_ats_application: String,
        pub remote_id: Option<String>,
        pub applied_at: Option<DateTime>,
        pub rejected_at: Option<DateTime>,
        pub offers: Option<Vec<String>>,
        pub source: Option<String>,
        pub credited_to: Option<String>,
        pub current_stage: Option<String>,
        pub reject_reason: Option<String>,
        pub id_ats_candidate: Option<String>,
        pub id_ats_job: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An attachment.
    ///
    /// `ats.attachment.created` carries one.
    pub struct Attachment in "ats" {
        pub id: String,
        pub file_url: Option<String>,
        pub file_name: Option<String>,
        pub attachment_type: Option<String>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub remote_created_at: Option<DateTime>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub remote_modified_at: Option<DateTime>,
        pub candidate_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// An attachment, as a row of Panora's table `ats_candidate_attachments`.
    ///
    /// `ats.attachment.pulled` carries a list of these, but no known release sends that.
    pub struct AttachmentRow in "ats" {
        pub id_ats_candidate_attachment: String,
        pub remote_id: Option<String>,
        pub file_url: Option<String>,
        pub file_name: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
        pub file_type: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_ats_candidate: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A candidate.
    ///
    /// `ats.candidate.created` carries one.
    pub struct Candidate in "ats" {
        pub id: String,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub company: Option<String>,
        pub title: Option<String>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub remote_created_at: Option<DateTime>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub remote_modified_at: Option<DateTime>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub last_interaction_at: Option<DateTime>,
        pub is_private: Option<bool>,
        pub email_reachable: Option<bool>,
        pub locations: Option<String>,
        pub attachments: Option<Vec<Expandable<Attachment>>>,
        pub applications: Option<Vec<Expandable<Application>>>,
        pub email_addresses: Option<Vec<Email>>,
        pub phone_numbers: Option<Vec<Phone>>,
        pub tags: Option<Vec<Expandable<Tag>>>,
        pub urls: Option<Vec<Url>>,
        pub field_mappings: Option<FieldMappings>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A candidate, as a row of Panora's table `ats_candidates`.
    ///
    /// `ats.candidate.pulled` carries a list of these.
    pub struct CandidateRow in "ats" {
        pub id_ats_candidate: String,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub company: Option<String>,
        pub title: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
        pub last_interaction_at: Option<DateTime>,
        pub is_private: Option<bool>,
        pub email_reachable: Option<bool>,
        pub locations: Option<String>,
        pub tags: Option<Vec<String>>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A department.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Department in "ats" {
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
    /// A department, as a row of Panora's table `ats_departments`.
    ///
    /// `ats.department.pulled` carries a list of these.
    pub struct DepartmentRow in "ats" {
        pub id_ats_department: String,
        pub name: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An eeocs.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Eeocs in "ats" {
        pub candidate_id: Option<String>,
        pub submitted_at: Option<DateTime>,
        pub race: Option<String>,
        pub gender: Option<EeocsGender>,
        pub veteran_status: Option<String>,
        pub disability_status: Option<String>,
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
    /// An eeocs, as a row of Panora's table `ats_eeocs`.
    ///
    /// `ats.eeocs.pulled` carries a list of these.
    pub struct EeocsRow in "ats" {
        pub id_ats_eeoc: String,
        pub id_ats_candidate: Option<String>,
        pub submitted_at: Option<DateTime>,
        pub race: Option<String>,
        pub gender: Option<EeocsGender>,
        pub veteran_status: Option<String>,
        pub disability_status: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An interview.
    ///
    /// `ats.interview.created` carries one.
    pub struct Interview in "ats" {
        pub id: String,
        pub status: Option<InterviewStatus>,
        pub application_id: Option<String>,
        pub job_interview_stage_id: Option<String>,
        pub organized_by: Option<String>,
        pub interviewers: Option<Vec<String>>,
        pub location: Option<String>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub start_at: Option<DateTime>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub end_at: Option<DateTime>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub remote_created_at: Option<DateTime>,
        /// Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.
        pub remote_updated_at: Option<DateTime>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// An interview, as a row of Panora's table `ats_interviews`.
    ///
    /// `ats.interview.pulled` carries a list of these.
    pub struct InterviewRow in "ats" {
        pub id_ats_interview: String,
        pub status: Option<InterviewStatus>,
        pub organized_by: Option<String>,
        pub interviewers: Option<Vec<String>>,
        pub location: Option<String>,
        pub start_at: Option<DateTime>,
        pub end_at: Option<DateTime>,
        pub remote_created_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub id_ats_application: Option<String>,
        pub id_ats_job_interview_stage: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A job.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Job in "ats" {
        pub name: Option<String>,
        pub description: Option<String>,
        pub code: Option<String>,
        pub status: Option<JobStatus>,
        pub r#type: Option<JobType>,
        pub confidential: Option<bool>,
        pub departments: Option<Vec<String>>,
        pub offices: Option<Vec<String>>,
        pub managers: Option<Vec<String>>,
        pub recruiters: Option<Vec<String>>,
        pub remote_created_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
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
    /// A job, as a row of Panora's table `ats_jobs`.
    ///
    /// `ats.job.pulled` carries a list of these.
    pub struct JobRow in "ats" {
        pub id_ats_job: String,
        pub name: Option<String>,
        pub description: Option<String>,
        pub code: Option<String>,
        pub status: Option<JobStatus>,
        pub r#type: Option<JobType>,
        pub confidential: Option<bool>,
        pub ats_departments: Option<Vec<String>>,
        pub ats_offices: Option<Vec<String>>,
        pub managers: Option<Vec<String>>,
        pub recruiters: Option<Vec<String>>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A job interview stage.
    ///
    /// Panora's API has it; no event carries it.
    pub struct JobInterviewStage in "ats" {
        pub name: Option<String>,
        pub stage_order: Option<f64>,
        pub job_id: Option<String>,
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
    /// A job interview stage, as a row of Panora's table `ats_job_interview_stages`.
    ///
    /// `ats.jobinterviewstage.pulled` carries a list of these.
    pub struct JobInterviewStageRow in "ats" {
        pub id_ats_job_interview_stage: String,
        pub name: Option<String>,
        pub stage_order: Option<i64>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_ats_job: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An offer.
    ///
    /// `ats.offer.created` carries one, but no known release sends that.
    pub struct Offer in "ats" {
        pub created_by: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub closed_at: Option<DateTime>,
        pub sent_at: Option<DateTime>,
        pub start_date: Option<DateTime>,
        pub status: Option<String>,
        pub application_id: Option<String>,
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
    /// An offer, as a row of Panora's table `ats_offers`.
    ///
    /// `ats.offer.pulled` carries a list of these.
    pub struct OfferRow in "ats" {
        pub id_ats_offer: String,
        pub remote_id: Option<String>,
        pub created_by: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub closed_at: Option<DateTime>,
        pub sent_at: Option<DateTime>,
        pub start_date: Option<DateTime>,
        pub status: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_ats_application: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An office.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Office in "ats" {
        pub name: Option<String>,
        pub location: Option<String>,
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
    /// An office, as a row of Panora's table `ats_offices`.
    ///
    /// `ats.office.pulled` carries a list of these.
    pub struct OfficeRow in "ats" {
        pub id_ats_office: String,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub name: Option<String>,
        pub location: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A reject reason.
    ///
    /// Panora's API has it; no event carries it.
    pub struct RejectReason in "ats" {
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
    /// A reject reason, as a row of Panora's table `ats_reject_reasons`.
    ///
    /// `ats.rejectreason.pulled` carries a list of these.
    pub struct RejectReasonRow in "ats" {
        pub id_ats_reject_reason: String,
        pub name: Option<String>,
        pub remote_id: Option<String>,
        pub modified_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A score card.
    ///
    /// Panora's API has it; no event carries it.
    pub struct ScoreCard in "ats" {
        pub overall_recommendation: Option<ScoreCardOverallRecommendation>,
        pub application_id: Option<String>,
        pub interview_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub submitted_at: Option<DateTime>,
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
    /// A score card, as a row of Panora's table `ats_scorecards`.
    ///
    /// `ats.scorecard.pulled` carries a list of these.
    pub struct ScoreCardRow in "ats" {
        pub id_ats_scorecard: String,
        pub overall_recommendation: Option<ScoreCardOverallRecommendation>,
        pub id_ats_application: Option<String>,
        pub id_ats_interview: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub submitted_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A tag.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Tag in "ats" {
        pub name: Option<String>,
        pub id_ats_candidate: Option<String>,
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
    /// A tag, as a row of Panora's table `ats_candidate_tags`.
    ///
    /// `ats.tag.pulled` carries a list of these.
    pub struct TagRow in "ats" {
        pub id_ats_candidate_tag: String,
        pub name: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A user.
    ///
    /// Panora's API has it; no event carries it.
    pub struct User in "ats" {
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub email: Option<String>,
        pub disabled: Option<bool>,
        pub access_role: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
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
    /// A user, as a row of Panora's table `ats_users`.
    ///
    /// `ats.user.pulled` carries a list of these.
    pub struct UserRow in "ats" {
        pub id_ats_user: String,
        pub remote_id: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub email: Option<String>,
        pub disabled: Option<bool>,
        pub access_role: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modified_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

any_event! {
    /// Any event of this vertical, for a hook on `ats.*` or another prefix.
    pub enum AnyEvent in "ats" {
        /// `ats.activity.created`.
        ActivityCreated(Activity): "ats.activity.created",
        /// `ats.activity.pulled`.
        ActivityPulled(Vec<ActivityRow>): "ats.activity.pulled",
        /// `ats.application.created`.
        ApplicationCreated(Application): "ats.application.created",
        /// `ats.application.pulled`.
        ApplicationPulled(Vec<ApplicationRow>): "ats.application.pulled",
        /// `ats.attachment.created`.
        AttachmentCreated(Attachment): "ats.attachment.created",
        /// `ats.attachment.pulled`, which no known release sends.
        AttachmentPulled(Vec<AttachmentRow>): "ats.attachment.pulled",
        /// `ats.candidate.created`.
        CandidateCreated(Candidate): "ats.candidate.created",
        /// `ats.candidate.pulled`.
        CandidatePulled(Vec<CandidateRow>): "ats.candidate.pulled",
        /// `ats.department.pulled`.
        DepartmentPulled(Vec<DepartmentRow>): "ats.department.pulled",
        /// `ats.eeocs.pulled`.
        EeocsPulled(Vec<EeocsRow>): "ats.eeocs.pulled",
        /// `ats.interview.created`.
        InterviewCreated(Interview): "ats.interview.created",
        /// `ats.interview.pulled`.
        InterviewPulled(Vec<InterviewRow>): "ats.interview.pulled",
        /// `ats.jobinterviewstage.pulled`.
        JobInterviewStagePulled(Vec<JobInterviewStageRow>): "ats.jobinterviewstage.pulled",
        /// `ats.job.pulled`.
        JobPulled(Vec<JobRow>): "ats.job.pulled",
        /// `ats.offer.created`, which no known release sends.
        OfferCreated(Offer): "ats.offer.created",
        /// `ats.offer.pulled`.
        OfferPulled(Vec<OfferRow>): "ats.offer.pulled",
        /// `ats.office.pulled`.
        OfficePulled(Vec<OfficeRow>): "ats.office.pulled",
        /// `ats.rejectreason.pulled`.
        RejectReasonPulled(Vec<RejectReasonRow>): "ats.rejectreason.pulled",
        /// `ats.scorecard.pulled`.
        ScoreCardPulled(Vec<ScoreCardRow>): "ats.scorecard.pulled",
        /// `ats.tag.pulled`.
        TagPulled(Vec<TagRow>): "ats.tag.pulled",
        /// `ats.user.pulled`.
        UserPulled(Vec<UserRow>): "ats.user.pulled",
    }
}
