// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! A hook for every event type that has a model, with the payload that the catalogue says it has.

// Events that nothing sends are warnings.
#![allow(deprecated, clippy::too_many_lines)]

use panora_hooks::{Event, Metadata, Registry, State, hooks, models::*, on};

use super::Seen;

#[on("connection.created")]
async fn connection_created(event: Event<Connection>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.company.created")]
async fn crm_company_created(event: Event<crm::Company>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.company.pulled")]
async fn crm_company_pulled(event: Event<Vec<crm::CompanyRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.contact.created")]
async fn crm_contact_created(event: Event<crm::Contact>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.contact.deleted")]
async fn crm_contact_deleted(event: Event<crm::Contact>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.contact.pulled")]
async fn crm_contact_pulled(event: Event<Vec<crm::ContactRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.contact.synced")]
async fn crm_contact_synced(event: Event<Vec<crm::ContactRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.contact.updated")]
async fn crm_contact_updated(event: Event<crm::Contact>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.deal.created")]
async fn crm_deal_created(event: Event<crm::Deal>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.deal.deleted")]
async fn crm_deal_deleted(event: Event<crm::Deal>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.deal.pulled")]
async fn crm_deal_pulled(event: Event<Vec<crm::DealRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.deal.updated")]
async fn crm_deal_updated(event: Event<crm::Deal>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.engagement.created")]
async fn crm_engagement_created(event: Event<crm::Engagement>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.engagement.deleted")]
async fn crm_engagement_deleted(event: Event<crm::Engagement>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.engagement.pulled")]
async fn crm_engagement_pulled(event: Event<Vec<crm::EngagementRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.engagement.updated")]
async fn crm_engagement_updated(event: Event<crm::Engagement>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.note.created")]
async fn crm_note_created(event: Event<crm::Note>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.note.deleted")]
async fn crm_note_deleted(event: Event<crm::Note>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.note.pulled")]
async fn crm_note_pulled(event: Event<Vec<crm::NoteRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.note.updated")]
async fn crm_note_updated(event: Event<crm::Note>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.stage.pulled")]
async fn crm_stage_pulled(event: Event<Vec<crm::StageRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.task.created")]
async fn crm_task_created(event: Event<crm::Task>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.task.deleted")]
async fn crm_task_deleted(event: Event<crm::Task>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.task.pulled")]
async fn crm_task_pulled(event: Event<Vec<crm::TaskRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.task.updated")]
async fn crm_task_updated(event: Event<crm::Task>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.user.created")]
async fn crm_user_created(event: Event<crm::User>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.user.deleted")]
async fn crm_user_deleted(event: Event<crm::User>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.user.pulled")]
async fn crm_user_pulled(event: Event<Vec<crm::UserRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("crm.user.updated")]
async fn crm_user_updated(event: Event<crm::User>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.account.created")]
async fn ticketing_account_created(event: Event<ticketing::Account>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.account.deleted")]
async fn ticketing_account_deleted(event: Event<ticketing::Account>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.account.pulled")]
async fn ticketing_account_pulled(event: Event<Vec<ticketing::AccountRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.account.updated")]
async fn ticketing_account_updated(event: Event<ticketing::Account>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.attachment.created")]
async fn ticketing_attachment_created(event: Event<ticketing::Attachment>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.attachment.pulled")]
async fn ticketing_attachment_pulled(event: Event<Vec<ticketing::AttachmentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.collection.pulled")]
async fn ticketing_collection_pulled(event: Event<Vec<ticketing::CollectionRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.comment.created")]
async fn ticketing_comment_created(event: Event<ticketing::Comment>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.comment.deleted")]
async fn ticketing_comment_deleted(event: Event<ticketing::Comment>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.comment.pulled")]
async fn ticketing_comment_pulled(event: Event<Vec<ticketing::CommentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.comment.synced")]
async fn ticketing_comment_synced(event: Event<Vec<ticketing::CommentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.comment.updated")]
async fn ticketing_comment_updated(event: Event<ticketing::Comment>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.contact.created")]
async fn ticketing_contact_created(event: Event<ticketing::Contact>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.contact.deleted")]
async fn ticketing_contact_deleted(event: Event<ticketing::Contact>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.contact.pulled")]
async fn ticketing_contact_pulled(event: Event<Vec<ticketing::ContactRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.contact.updated")]
async fn ticketing_contact_updated(event: Event<ticketing::Contact>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.tag.created")]
async fn ticketing_tag_created(event: Event<ticketing::Tag>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.tag.deleted")]
async fn ticketing_tag_deleted(event: Event<ticketing::Tag>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.tag.pulled")]
async fn ticketing_tag_pulled(event: Event<Vec<ticketing::TagRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.tag.updated")]
async fn ticketing_tag_updated(event: Event<ticketing::Tag>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.team.created")]
async fn ticketing_team_created(event: Event<ticketing::Team>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.team.deleted")]
async fn ticketing_team_deleted(event: Event<ticketing::Team>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.team.pulled")]
async fn ticketing_team_pulled(event: Event<Vec<ticketing::TeamRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.team.updated")]
async fn ticketing_team_updated(event: Event<ticketing::Team>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.ticket.created")]
async fn ticketing_ticket_created(event: Event<ticketing::Ticket>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.ticket.deleted")]
async fn ticketing_ticket_deleted(event: Event<ticketing::Ticket>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.ticket.pulled")]
async fn ticketing_ticket_pulled(event: Event<Vec<ticketing::TicketRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.ticket.synced")]
async fn ticketing_ticket_synced(event: Event<Vec<ticketing::TicketRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.ticket.updated")]
async fn ticketing_ticket_updated(event: Event<ticketing::Ticket>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.user.created")]
async fn ticketing_user_created(event: Event<ticketing::User>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.user.deleted")]
async fn ticketing_user_deleted(event: Event<ticketing::User>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.user.pulled")]
async fn ticketing_user_pulled(event: Event<Vec<ticketing::UserRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ticketing.user.updated")]
async fn ticketing_user_updated(event: Event<ticketing::User>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.drive.pulled")]
async fn filestorage_drive_pulled(event: Event<Vec<filestorage::DriveRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.file.created")]
async fn filestorage_file_created(event: Event<filestorage::File>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.file.pulled")]
async fn filestorage_file_pulled(event: Event<Vec<filestorage::FileRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.folder.created")]
async fn filestorage_folder_created(event: Event<filestorage::Folder>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.folder.pulled")]
async fn filestorage_folder_pulled(event: Event<Vec<filestorage::FolderRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.group.pulled")]
async fn filestorage_group_pulled(event: Event<Vec<filestorage::GroupRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.permission.pulled")]
async fn filestorage_permission_pulled(event: Event<Vec<filestorage::PermissionRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.sharedlink.pulled")]
async fn filestorage_sharedlink_pulled(event: Event<Vec<filestorage::SharedLinkRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("filestorage.user.pulled")]
async fn filestorage_user_pulled(event: Event<Vec<filestorage::UserRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ecommerce.customer.pulled")]
async fn ecommerce_customer_pulled(event: Event<Vec<ecommerce::CustomerRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ecommerce.fulfillment.pulled")]
async fn ecommerce_fulfillment_pulled(event: Event<Vec<ecommerce::FulfillmentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ecommerce.order.created")]
async fn ecommerce_order_created(event: Event<ecommerce::Order>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ecommerce.order.pulled")]
async fn ecommerce_order_pulled(event: Event<Vec<ecommerce::OrderRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ecommerce.product.created")]
async fn ecommerce_product_created(event: Event<ecommerce::Product>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ecommerce.product.pulled")]
async fn ecommerce_product_pulled(event: Event<Vec<ecommerce::ProductRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.account.pulled")]
async fn accounting_account_pulled(event: Event<Vec<accounting::AccountRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.address.pulled")]
async fn accounting_address_pulled(event: Event<Vec<accounting::AddressRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.attachment.pulled")]
async fn accounting_attachment_pulled(event: Event<Vec<accounting::AttachmentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.balancesheet.pulled")]
async fn accounting_balancesheet_pulled(event: Event<Vec<accounting::BalanceSheetRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.cashflow_statement.pulled")]
async fn accounting_cashflow_statement_pulled(event: Event<Vec<accounting::CashflowStatementRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.cashflowstatement.pulled")]
async fn accounting_cashflowstatement_pulled(event: Event<Vec<accounting::CashflowStatementRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.company_info.pulled")]
async fn accounting_company_info_pulled(event: Event<Vec<accounting::CompanyInfoRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.companyinfo.pulled")]
async fn accounting_companyinfo_pulled(event: Event<Vec<accounting::CompanyInfoRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.contact.pulled")]
async fn accounting_contact_pulled(event: Event<Vec<accounting::ContactRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.credit_note.pulled")]
async fn accounting_credit_note_pulled(event: Event<Vec<accounting::CreditNoteRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.creditnote.pulled")]
async fn accounting_creditnote_pulled(event: Event<Vec<accounting::CreditNoteRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.expense.pulled")]
async fn accounting_expense_pulled(event: Event<Vec<accounting::ExpenseRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.income_statement.pulled")]
async fn accounting_income_statement_pulled(event: Event<Vec<accounting::IncomeStatementRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.incomestatement.pulled")]
async fn accounting_incomestatement_pulled(event: Event<Vec<accounting::IncomeStatementRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.invoice.pulled")]
async fn accounting_invoice_pulled(event: Event<Vec<accounting::InvoiceRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.item.pulled")]
async fn accounting_item_pulled(event: Event<Vec<accounting::ItemRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.journal_entry.pulled")]
async fn accounting_journal_entry_pulled(event: Event<Vec<accounting::JournalEntryRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.journalentry.pulled")]
async fn accounting_journalentry_pulled(event: Event<Vec<accounting::JournalEntryRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.payment.pulled")]
async fn accounting_payment_pulled(event: Event<Vec<accounting::PaymentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.phone_number.pulled")]
async fn accounting_phone_number_pulled(event: Event<Vec<accounting::PhoneNumberRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.phonenumber.pulled")]
async fn accounting_phonenumber_pulled(event: Event<Vec<accounting::PhoneNumberRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.purchase_order.pulled")]
async fn accounting_purchase_order_pulled(event: Event<Vec<accounting::PurchaseOrderRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.purchaseorder.pulled")]
async fn accounting_purchaseorder_pulled(event: Event<Vec<accounting::PurchaseOrderRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.tax_rate.pulled")]
async fn accounting_tax_rate_pulled(event: Event<Vec<accounting::TaxRateRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.taxrate.pulled")]
async fn accounting_taxrate_pulled(event: Event<Vec<accounting::TaxRateRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.tracking_category.pulled")]
async fn accounting_tracking_category_pulled(event: Event<Vec<accounting::TrackingCategoryRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.trackingcategory.pulled")]
async fn accounting_trackingcategory_pulled(event: Event<Vec<accounting::TrackingCategoryRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.transaction.pulled")]
async fn accounting_transaction_pulled(event: Event<Vec<accounting::TransactionRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.vendor_credit.pulled")]
async fn accounting_vendor_credit_pulled(event: Event<Vec<accounting::VendorCreditRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("accounting.vendorcredit.pulled")]
async fn accounting_vendorcredit_pulled(event: Event<Vec<accounting::VendorCreditRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.activity.created")]
async fn ats_activity_created(event: Event<ats::Activity>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.activity.pulled")]
async fn ats_activity_pulled(event: Event<Vec<ats::ActivityRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.application.created")]
async fn ats_application_created(event: Event<ats::Application>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.application.pulled")]
async fn ats_application_pulled(event: Event<Vec<ats::ApplicationRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.attachment.created")]
async fn ats_attachment_created(event: Event<ats::Attachment>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.attachment.pulled")]
async fn ats_attachment_pulled(event: Event<Vec<ats::AttachmentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.candidate.created")]
async fn ats_candidate_created(event: Event<ats::Candidate>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.candidate.pulled")]
async fn ats_candidate_pulled(event: Event<Vec<ats::CandidateRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.department.pulled")]
async fn ats_department_pulled(event: Event<Vec<ats::DepartmentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.eeocs.pulled")]
async fn ats_eeocs_pulled(event: Event<Vec<ats::EeocsRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.interview.created")]
async fn ats_interview_created(event: Event<ats::Interview>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.interview.pulled")]
async fn ats_interview_pulled(event: Event<Vec<ats::InterviewRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.job.pulled")]
async fn ats_job_pulled(event: Event<Vec<ats::JobRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.jobinterviewstage.pulled")]
async fn ats_jobinterviewstage_pulled(event: Event<Vec<ats::JobInterviewStageRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.offer.created")]
async fn ats_offer_created(event: Event<ats::Offer>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.offer.pulled")]
async fn ats_offer_pulled(event: Event<Vec<ats::OfferRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.office.pulled")]
async fn ats_office_pulled(event: Event<Vec<ats::OfficeRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.rejectreason.pulled")]
async fn ats_rejectreason_pulled(event: Event<Vec<ats::RejectReasonRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.scorecard.pulled")]
async fn ats_scorecard_pulled(event: Event<Vec<ats::ScoreCardRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.tag.pulled")]
async fn ats_tag_pulled(event: Event<Vec<ats::TagRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("ats.user.pulled")]
async fn ats_user_pulled(event: Event<Vec<ats::UserRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.bankinfo.pulled")]
async fn hris_bankinfo_pulled(event: Event<Vec<hris::BankInfoRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.benefit.pulled")]
async fn hris_benefit_pulled(event: Event<Vec<hris::BenefitRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.company.pulled")]
async fn hris_company_pulled(event: Event<Vec<hris::CompanyRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.dependent.pulled")]
async fn hris_dependent_pulled(event: Event<Vec<hris::DependentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.employee.created")]
async fn hris_employee_created(event: Event<hris::Employee>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.employee.pulled")]
async fn hris_employee_pulled(event: Event<Vec<hris::EmployeeRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.employeepayrollrun.pulled")]
async fn hris_employeepayrollrun_pulled(event: Event<Vec<hris::EmployeePayrollRunRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.employerbenefit.pulled")]
async fn hris_employerbenefit_pulled(event: Event<Vec<hris::EmployerBenefitRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.employment.pulled")]
async fn hris_employment_pulled(event: Event<Vec<hris::EmploymentRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.group.pulled")]
async fn hris_group_pulled(event: Event<Vec<hris::GroupRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.location.pulled")]
async fn hris_location_pulled(event: Event<Vec<hris::LocationRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.paygroup.pulled")]
async fn hris_paygroup_pulled(event: Event<Vec<hris::PayGroupRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.payrollrun.pulled")]
async fn hris_payrollrun_pulled(event: Event<Vec<hris::PayrollRunRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.timeoff.created")]
async fn hris_timeoff_created(event: Event<hris::TimeOff>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.timeoff.pulled")]
async fn hris_timeoff_pulled(event: Event<Vec<hris::TimeOffRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.timeoffbalance.pulled")]
async fn hris_timeoffbalance_pulled(event: Event<Vec<hris::TimeOffBalanceRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.timesheetentry.created")]
async fn hris_timesheetentry_created(event: Event<hris::TimesheetEntry>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

#[on("hris.timesheetentry.pulled")]
async fn hris_timesheetentry_pulled(event: Event<Vec<hris::TimesheetEntryRow>>, meta: Metadata, seen: State<Seen>) {
    seen.see(&meta, &event.0);
}

pub fn hooks(registry: &mut Registry<Seen>) {
    registry.hooks(hooks![
        connection_created,
        crm_company_created,
        crm_company_pulled,
        crm_contact_created,
        crm_contact_deleted,
        crm_contact_pulled,
        crm_contact_synced,
        crm_contact_updated,
        crm_deal_created,
        crm_deal_deleted,
        crm_deal_pulled,
        crm_deal_updated,
        crm_engagement_created,
        crm_engagement_deleted,
        crm_engagement_pulled,
        crm_engagement_updated,
        crm_note_created,
        crm_note_deleted,
        crm_note_pulled,
        crm_note_updated,
        crm_stage_pulled,
        crm_task_created,
        crm_task_deleted,
        crm_task_pulled,
        crm_task_updated,
        crm_user_created,
        crm_user_deleted,
        crm_user_pulled,
        crm_user_updated,
        ticketing_account_created,
        ticketing_account_deleted,
        ticketing_account_pulled,
        ticketing_account_updated,
        ticketing_attachment_created,
        ticketing_attachment_pulled,
        ticketing_collection_pulled,
        ticketing_comment_created,
        ticketing_comment_deleted,
        ticketing_comment_pulled,
        ticketing_comment_synced,
        ticketing_comment_updated,
        ticketing_contact_created,
        ticketing_contact_deleted,
        ticketing_contact_pulled,
        ticketing_contact_updated,
        ticketing_tag_created,
        ticketing_tag_deleted,
        ticketing_tag_pulled,
        ticketing_tag_updated,
        ticketing_team_created,
        ticketing_team_deleted,
        ticketing_team_pulled,
        ticketing_team_updated,
        ticketing_ticket_created,
        ticketing_ticket_deleted,
        ticketing_ticket_pulled,
        ticketing_ticket_synced,
        ticketing_ticket_updated,
        ticketing_user_created,
        ticketing_user_deleted,
        ticketing_user_pulled,
        ticketing_user_updated,
        filestorage_drive_pulled,
        filestorage_file_created,
        filestorage_file_pulled,
        filestorage_folder_created,
        filestorage_folder_pulled,
        filestorage_group_pulled,
        filestorage_permission_pulled,
        filestorage_sharedlink_pulled,
        filestorage_user_pulled,
        ecommerce_customer_pulled,
        ecommerce_fulfillment_pulled,
        ecommerce_order_created,
        ecommerce_order_pulled,
        ecommerce_product_created,
        ecommerce_product_pulled,
        accounting_account_pulled,
        accounting_address_pulled,
        accounting_attachment_pulled,
        accounting_balancesheet_pulled,
        accounting_cashflow_statement_pulled,
        accounting_cashflowstatement_pulled,
        accounting_company_info_pulled,
        accounting_companyinfo_pulled,
        accounting_contact_pulled,
        accounting_credit_note_pulled,
        accounting_creditnote_pulled,
        accounting_expense_pulled,
        accounting_income_statement_pulled,
        accounting_incomestatement_pulled,
        accounting_invoice_pulled,
        accounting_item_pulled,
        accounting_journal_entry_pulled,
        accounting_journalentry_pulled,
        accounting_payment_pulled,
        accounting_phone_number_pulled,
        accounting_phonenumber_pulled,
        accounting_purchase_order_pulled,
        accounting_purchaseorder_pulled,
        accounting_tax_rate_pulled,
        accounting_taxrate_pulled,
        accounting_tracking_category_pulled,
        accounting_trackingcategory_pulled,
        accounting_transaction_pulled,
        accounting_vendor_credit_pulled,
        accounting_vendorcredit_pulled,
        ats_activity_created,
        ats_activity_pulled,
        ats_application_created,
        ats_application_pulled,
        ats_attachment_created,
        ats_attachment_pulled,
        ats_candidate_created,
        ats_candidate_pulled,
        ats_department_pulled,
        ats_eeocs_pulled,
        ats_interview_created,
        ats_interview_pulled,
        ats_job_pulled,
        ats_jobinterviewstage_pulled,
        ats_offer_created,
        ats_offer_pulled,
        ats_office_pulled,
        ats_rejectreason_pulled,
        ats_scorecard_pulled,
        ats_tag_pulled,
        ats_user_pulled,
        hris_bankinfo_pulled,
        hris_benefit_pulled,
        hris_company_pulled,
        hris_dependent_pulled,
        hris_employee_created,
        hris_employee_pulled,
        hris_employeepayrollrun_pulled,
        hris_employerbenefit_pulled,
        hris_employment_pulled,
        hris_group_pulled,
        hris_location_pulled,
        hris_paygroup_pulled,
        hris_payrollrun_pulled,
        hris_timeoff_created,
        hris_timeoff_pulled,
        hris_timeoffbalance_pulled,
        hris_timesheetentry_created,
        hris_timesheetentry_pulled,
    ]);
}
