// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! Accounting.
//!
//! No known release sends these events.

use serde_json::Value;

use super::{DateTime, FieldMappings, any_event::any_event, model::model};

model! {
    /// A report line item: part of [`BalanceSheet`] and [`CashflowStatement`].
    pub struct ReportLineItem in "accounting" {
        pub name: Option<String>,
        pub value: Option<f64>,
        pub r#type: Option<String>,
        pub parent_item: Option<String>,
        pub remote_id: Option<String>,
        pub remote_generated_at: Option<DateTime>,
        pub company_info_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// An expense line item: part of [`Expense`].
    pub struct ExpenseLineItem in "accounting" {
        pub net_amount: Option<f64>,
        pub currency: Option<String>,
        pub description: Option<String>,
        pub exchange_rate: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// An invoice line item: part of [`Invoice`].
    pub struct InvoiceLineItem in "accounting" {
        pub description: Option<String>,
        pub unit_price: Option<f64>,
        pub quantity: Option<f64>,
        pub total_amount: Option<f64>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub item_id: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A journal entry line item: part of [`JournalEntry`].
    pub struct JournalEntryLineItem in "accounting" {
        pub net_amount: Option<f64>,
        pub tracking_categories: Option<Vec<String>>,
        pub currency: Option<String>,
        pub description: Option<String>,
        pub company: Option<String>,
        pub contact: Option<String>,
        pub exchange_rate: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A payment line item: part of [`Payment`].
    pub struct PaymentLineItem in "accounting" {
        pub applied_amount: Option<f64>,
        pub applied_date: Option<DateTime>,
        pub related_object_id: Option<String>,
        pub related_object_type: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A purchase order line item: part of [`PurchaseOrder`].
    pub struct PurchaseOrderLineItem in "accounting" {
        pub description: Option<String>,
        pub unit_price: Option<f64>,
        pub quantity: Option<f64>,
        pub tracking_categories: Option<Vec<String>>,
        pub tax_amount: Option<f64>,
        pub total_line_amount: Option<f64>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub account_id: Option<String>,
        pub company_id: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A transaction line item: part of [`Transaction`].
    pub struct TransactionLineItem in "accounting" {
        pub memo: Option<String>,
        pub unit_price: Option<String>,
        pub quantity: Option<String>,
        pub total_line_amount: Option<String>,
        pub tax_rate_id: Option<String>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub company_info_id: Option<String>,
        pub item_id: Option<String>,
        pub account_id: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub transaction_id: Option<String>,
    }
}

model! {
    /// A vendor credit line item: part of [`VendorCredit`].
    pub struct VendorCreditLineItem in "accounting" {
        pub net_amount: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub description: Option<String>,
        pub account_id: Option<String>,
        pub exchange_rate: Option<String>,
        pub company_info_id: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub vendor_credit_id: Option<String>,
    }
}

model! {
    /// An account.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Account in "accounting" {
        pub name: Option<String>,
        pub description: Option<String>,
        pub classification: Option<String>,
        pub r#type: Option<String>,
        pub status: Option<String>,
        pub current_balance: Option<f64>,
        pub currency: Option<String>,
        pub account_number: Option<String>,
        pub parent_account: Option<String>,
        pub company_info_id: Option<String>,
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
    /// An account, as a row of Panora's table `acc_accounts`.
    ///
    /// `accounting.account.pulled` carries a list of these, but no known release sends that.
    pub struct AccountRow in "accounting" {
        pub id_acc_account: String,
        pub name: Option<String>,
        pub description: Option<String>,
        pub classification: Option<String>,
        pub r#type: Option<String>,
        pub status: Option<String>,
        /// Arrives as digits in a string.
        pub current_balance: Option<i64>,
        pub currency: Option<String>,
        pub account_number: Option<String>,
        pub parent_account: Option<String>,
        pub remote_id: Option<String>,
        pub id_acc_company_info: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An address.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Address in "accounting" {
        pub r#type: Option<String>,
        pub street_1: Option<String>,
        pub street_2: Option<String>,
        pub city: Option<String>,
        pub state: Option<String>,
        pub country_subdivision: Option<String>,
        pub country: Option<String>,
        pub zip: Option<String>,
        pub contact_id: Option<String>,
        pub company_info_id: Option<String>,
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
    /// An address, as a row of Panora's table `acc_addresses`.
    ///
    /// `accounting.address.pulled` carries a list of these, but no known release sends that.
    pub struct AddressRow in "accounting" {
        pub id_acc_address: String,
        pub r#type: Option<String>,
        pub street_1: Option<String>,
        pub street_2: Option<String>,
        pub city: Option<String>,
        pub remote_id: Option<String>,
        pub state: Option<String>,
        pub country_subdivision: Option<String>,
        pub country: Option<String>,
        pub zip: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_acc_contact: Option<String>,
        pub id_acc_company_info: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An attachment.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Attachment in "accounting" {
        pub file_name: Option<String>,
        pub file_url: Option<String>,
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
    /// An attachment, as a row of Panora's table `acc_attachments`.
    ///
    /// `accounting.attachment.pulled` carries a list of these, but no known release sends that.
    pub struct AttachmentRow in "accounting" {
        pub id_acc_attachment: String,
        pub file_name: Option<String>,
        pub file_url: Option<String>,
        pub remote_id: Option<String>,
        pub id_acc_account: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A balance sheet.
    ///
    /// Panora's API has it; no event carries it.
    pub struct BalanceSheet in "accounting" {
        pub name: Option<String>,
        pub currency: Option<String>,
        pub company_info_id: Option<String>,
        pub date: Option<DateTime>,
        pub net_assets: Option<f64>,
        pub assets: Option<Vec<String>>,
        pub liabilities: Option<Vec<String>>,
        pub equity: Option<Vec<String>>,
        pub remote_generated_at: Option<DateTime>,
        pub line_items: Option<Vec<ReportLineItem>>,
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
    /// A balance sheet, as a row of Panora's table `acc_balance_sheets`.
    ///
    /// `accounting.balancesheet.pulled` carries a list of these, but no known release sends that.
    pub struct BalanceSheetRow in "accounting" {
        pub id_acc_balance_sheet: String,
        pub name: Option<String>,
        pub currency: Option<String>,
        pub id_acc_company_info: Option<String>,
        pub date: Option<DateTime>,
        /// Arrives as digits in a string.
        pub net_assets: Option<i64>,
        pub assets: Option<Vec<String>>,
        pub liabilities: Option<Vec<String>>,
        pub equity: Option<Vec<String>>,
        pub remote_generated_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A cashflow statement.
    ///
    /// Panora's API has it; no event carries it.
    pub struct CashflowStatement in "accounting" {
        pub name: Option<String>,
        pub currency: Option<String>,
        pub company_id: Option<String>,
        pub start_period: Option<DateTime>,
        pub end_period: Option<DateTime>,
        pub cash_at_beginning_of_period: Option<f64>,
        pub cash_at_end_of_period: Option<f64>,
        pub remote_generated_at: Option<DateTime>,
        pub line_items: Option<Vec<ReportLineItem>>,
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
    /// A cashflow statement, as a row of Panora's table `acc_cash_flow_statements`.
    ///
    /// `accounting.cashflow_statement.pulled` and `accounting.cashflowstatement.pulled` carry a list of
    /// these, but no known release sends that.
    pub struct CashflowStatementRow in "accounting" {
        pub id_acc_cash_flow_statement: String,
        pub name: Option<String>,
        pub currency: Option<String>,
        pub company: Option<String>,
        pub start_period: Option<DateTime>,
        pub end_period: Option<DateTime>,
        /// Arrives as digits in a string.
        pub cash_at_beginning_of_period: Option<i64>,
        /// Arrives as digits in a string.
        pub cash_at_end_of_period: Option<i64>,
        pub remote_generated_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub modified_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A company info.
    ///
    /// Panora's API has it; no event carries it.
    pub struct CompanyInfo in "accounting" {
        pub name: Option<String>,
        pub legal_name: Option<String>,
        pub tax_number: Option<String>,
        pub fiscal_year_end_month: Option<f64>,
        pub fiscal_year_end_day: Option<f64>,
        pub currency: Option<String>,
        pub urls: Option<Vec<String>>,
        pub tracking_categories: Option<Vec<String>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A company info, as a row of Panora's table `acc_company_infos`.
    ///
    /// `accounting.company_info.pulled` and `accounting.companyinfo.pulled` carry a list of these, but no
    /// known release sends that.
    pub struct CompanyInfoRow in "accounting" {
        pub id_acc_company_info: String,
        pub name: Option<String>,
        pub legal_name: Option<String>,
        pub tax_number: Option<String>,
        pub fiscal_year_end_month: Option<i64>,
        pub fiscal_year_end_day: Option<i64>,
        pub currency: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub urls: Option<Vec<String>>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
    }
}

model! {
    /// A contact.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Contact in "accounting" {
        pub name: Option<String>,
        pub is_supplier: Option<bool>,
        pub is_customer: Option<bool>,
        pub email_address: Option<String>,
        pub tax_number: Option<String>,
        pub status: Option<String>,
        pub currency: Option<String>,
        pub remote_updated_at: Option<DateTime>,
        pub company_info_id: Option<String>,
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
    /// A contact, as a row of Panora's table `acc_contacts`.
    ///
    /// `accounting.contact.pulled` carries a list of these, but no known release sends that.
    pub struct ContactRow in "accounting" {
        pub id_acc_contact: String,
        pub name: Option<String>,
        pub is_supplier: Option<bool>,
        pub is_customer: Option<bool>,
        pub email_address: Option<String>,
        pub tax_number: Option<String>,
        pub status: Option<String>,
        pub currency: Option<String>,
        pub remote_updated_at: Option<DateTime>,
        pub id_acc_company_info: Option<String>,
        pub id_connection: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A credit note.
    ///
    /// Panora's API has it; no event carries it.
    pub struct CreditNote in "accounting" {
        pub transaction_date: Option<DateTime>,
        pub status: Option<String>,
        pub number: Option<String>,
        pub contact_id: Option<String>,
        pub company_id: Option<String>,
        pub exchange_rate: Option<String>,
        pub total_amount: Option<f64>,
        pub remaining_credit: Option<f64>,
        pub tracking_categories: Option<Vec<String>>,
        pub currency: Option<String>,
        pub payments: Option<Vec<String>>,
        pub applied_payments: Option<Vec<String>>,
        pub accounting_period_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A credit note, as a row of Panora's table `acc_credit_notes`.
    ///
    /// `accounting.credit_note.pulled` and `accounting.creditnote.pulled` carry a list of these, but no known
    /// release sends that.
    pub struct CreditNoteRow in "accounting" {
        pub id_acc_credit_note: String,
        pub transaction_date: Option<DateTime>,
        pub status: Option<String>,
        pub number: Option<String>,
        pub id_acc_contact: Option<String>,
        pub company: Option<String>,
        pub exchange_rate: Option<String>,
        /// Arrives as digits in a string.
        pub total_amount: Option<i64>,
        /// Arrives as digits in a string.
        pub remaining_credit: Option<i64>,
        pub tracking_categories: Option<Vec<String>>,
        pub currency: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
        pub payments: Option<Vec<String>>,
        pub applied_payments: Option<Vec<String>>,
        pub id_acc_accounting_period: Option<String>,
        pub remote_id: Option<String>,
        pub modified_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An expense.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Expense in "accounting" {
        pub transaction_date: Option<DateTime>,
        pub total_amount: Option<f64>,
        pub sub_total: Option<f64>,
        pub total_tax_amount: Option<f64>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub memo: Option<String>,
        pub account_id: Option<String>,
        pub contact_id: Option<String>,
        pub company_info_id: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub line_items: Option<Vec<ExpenseLineItem>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// An expense, as a row of Panora's table `acc_expenses`.
    ///
    /// `accounting.expense.pulled` carries a list of these, but no known release sends that.
    pub struct ExpenseRow in "accounting" {
        pub id_acc_expense: String,
        pub transaction_date: Option<DateTime>,
        /// Arrives as digits in a string.
        pub total_amount: Option<i64>,
        /// Arrives as digits in a string.
        pub sub_total: Option<i64>,
        /// Arrives as digits in a string.
        pub total_tax_amount: Option<i64>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub memo: Option<String>,
        pub id_acc_account: Option<String>,
        pub id_acc_contact: Option<String>,
        pub id_acc_company_info: Option<String>,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
    }
}

model! {
    /// An income statement.
    ///
    /// Panora's API has it; no event carries it.
    pub struct IncomeStatement in "accounting" {
        pub name: Option<String>,
        pub currency: Option<String>,
        pub start_period: Option<DateTime>,
        pub end_period: Option<DateTime>,
        pub gross_profit: Option<f64>,
        pub net_operating_income: Option<f64>,
        pub net_income: Option<f64>,
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
    /// An income statement, as a row of Panora's table `acc_income_statements`.
    ///
    /// `accounting.income_statement.pulled` and `accounting.incomestatement.pulled` carry a list of these,
    /// but no known release sends that.
    pub struct IncomeStatementRow in "accounting" {
        pub id_acc_income_statement: String,
        pub name: Option<String>,
        pub currency: Option<String>,
        pub start_period: Option<DateTime>,
        pub end_period: Option<DateTime>,
        /// Arrives as digits in a string.
        pub gross_profit: Option<i64>,
        /// Arrives as digits in a string.
        pub net_operating_income: Option<i64>,
        /// Arrives as digits in a string.
        pub net_income: Option<i64>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// An invoice.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Invoice in "accounting" {
        pub r#type: Option<String>,
        pub number: Option<String>,
        pub issue_date: Option<DateTime>,
        pub due_date: Option<DateTime>,
        pub paid_on_date: Option<DateTime>,
        pub memo: Option<String>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub total_discount: Option<f64>,
        pub sub_total: Option<f64>,
        pub status: Option<String>,
        pub total_tax_amount: Option<f64>,
        pub total_amount: Option<f64>,
        pub balance: Option<f64>,
        pub contact_id: Option<String>,
        pub accounting_period_id: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub line_items: Option<Vec<InvoiceLineItem>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub remote_updated_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// An invoice, as a row of Panora's table `acc_invoices`.
    ///
    /// `accounting.invoice.pulled` carries a list of these, but no known release sends that.
    pub struct InvoiceRow in "accounting" {
        pub id_acc_invoice: String,
        pub r#type: Option<String>,
        pub number: Option<String>,
        pub issue_date: Option<DateTime>,
        pub due_date: Option<DateTime>,
        pub paid_on_date: Option<DateTime>,
        pub memo: Option<String>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        /// Arrives as digits in a string.
        pub total_discount: Option<i64>,
        /// Arrives as digits in a string.
        pub sub_total: Option<i64>,
        pub status: Option<String>,
        /// Arrives as digits in a string.
        pub total_tax_amount: Option<i64>,
        /// Arrives as digits in a string.
        pub total_amount: Option<i64>,
        /// Arrives as digits in a string.
        pub balance: Option<i64>,
        pub remote_updated_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub id_acc_contact: Option<String>,
        pub id_acc_accounting_period: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
    }
}

model! {
    /// An item.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Item in "accounting" {
        pub name: Option<String>,
        pub status: Option<String>,
        pub unit_price: Option<f64>,
        pub purchase_price: Option<f64>,
        pub sales_account: Option<String>,
        pub purchase_account: Option<String>,
        pub company_info_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        pub remote_updated_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// An item, as a row of Panora's table `acc_items`.
    ///
    /// `accounting.item.pulled` carries a list of these, but no known release sends that.
    pub struct ItemRow in "accounting" {
        pub id_acc_item: String,
        pub name: Option<String>,
        pub status: Option<String>,
        /// Arrives as digits in a string.
        pub unit_price: Option<i64>,
        /// Arrives as digits in a string.
        pub purchase_price: Option<i64>,
        pub remote_updated_at: Option<DateTime>,
        pub remote_id: Option<String>,
        pub sales_account: Option<String>,
        pub purchase_account: Option<String>,
        pub id_acc_company_info: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A journal entry.
    ///
    /// Panora's API has it; no event carries it.
    pub struct JournalEntry in "accounting" {
        pub transaction_date: Option<DateTime>,
        pub payments: Option<Vec<String>>,
        pub applied_payments: Option<Vec<String>>,
        pub memo: Option<String>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub id_acc_company_info: Option<String>,
        pub journal_number: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub id_acc_accounting_period: Option<String>,
        pub posting_status: Option<String>,
        pub line_items: Option<Vec<JournalEntryLineItem>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modiified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A journal entry, as a row of Panora's table `acc_journal_entries`.
    ///
    /// `accounting.journal_entry.pulled` and `accounting.journalentry.pulled` carry a list of these, but no
    /// known release sends that.
    pub struct JournalEntryRow in "accounting" {
        pub id_acc_journal_entry: String,
        pub transaction_date: Option<DateTime>,
        pub payments: Option<Vec<String>>,
        pub applied_payments: Option<Vec<String>>,
        pub memo: Option<String>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub id_acc_company_info: Option<String>,
        pub journal_number: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub id_acc_accounting_period: Option<String>,
        pub posting_status: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_modiified_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A payment.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Payment in "accounting" {
        pub invoice_id: Option<String>,
        pub transaction_date: Option<DateTime>,
        pub contact_id: Option<String>,
        pub account_id: Option<String>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub total_amount: Option<f64>,
        pub r#type: Option<String>,
        pub company_info_id: Option<String>,
        pub accounting_period_id: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub line_items: Option<Vec<PaymentLineItem>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        pub remote_updated_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A payment, as a row of Panora's table `acc_payments`.
    ///
    /// `accounting.payment.pulled` carries a list of these, but no known release sends that.
    pub struct PaymentRow in "accounting" {
        pub id_acc_payment: String,
        pub id_acc_invoice: Option<String>,
        pub transaction_date: Option<DateTime>,
        pub id_acc_contact: Option<String>,
        pub id_acc_account: Option<String>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        /// Arrives as digits in a string.
        pub total_amount: Option<i64>,
        pub remote_id: Option<String>,
        pub r#type: Option<String>,
        pub remote_updated_at: Option<DateTime>,
        pub id_acc_company_info: Option<String>,
        pub id_acc_accounting_period: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
    }
}

model! {
    /// A phone number.
    ///
    /// Panora's API has it; no event carries it.
    pub struct PhoneNumber in "accounting" {
        pub number: Option<String>,
        pub r#type: Option<String>,
        pub company_info_id: Option<String>,
        pub contact_id: Option<String>,
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
    /// A phone number, as a row of Panora's table `acc_phone_numbers`.
    ///
    /// `accounting.phone_number.pulled` and `accounting.phonenumber.pulled` carry a list of these, but no
    /// known release sends that.
    pub struct PhoneNumberRow in "accounting" {
        pub id_acc_phone_number: String,
        pub number: Option<String>,
        pub r#type: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_acc_company_info: Option<String>,
        pub id_acc_contact: Option<String>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A purchase order.
    ///
    /// Panora's API has it; no event carries it.
    pub struct PurchaseOrder in "accounting" {
        pub status: Option<String>,
        pub issue_date: Option<DateTime>,
        pub purchase_order_number: Option<String>,
        pub delivery_date: Option<DateTime>,
        pub delivery_address: Option<String>,
        pub customer: Option<String>,
        pub vendor: Option<String>,
        pub memo: Option<String>,
        pub company_id: Option<String>,
        pub total_amount: Option<f64>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub accounting_period_id: Option<String>,
        pub line_items: Option<Vec<PurchaseOrderLineItem>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        pub remote_created_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A purchase order, as a row of Panora's table `acc_purchase_orders`.
    ///
    /// `accounting.purchase_order.pulled` and `accounting.purchaseorder.pulled` carry a list of these, but no
    /// known release sends that.
    pub struct PurchaseOrderRow in "accounting" {
        pub id_acc_purchase_order: String,
        pub remote_id: Option<String>,
        pub status: Option<String>,
        pub issue_date: Option<DateTime>,
        pub purchase_order_number: Option<String>,
        pub delivery_date: Option<DateTime>,
        pub delivery_address: Option<String>,
        pub customer: Option<String>,
        pub vendor: Option<String>,
        pub memo: Option<String>,
        pub company: Option<String>,
        /// Arrives as digits in a string.
        pub total_amount: Option<i64>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub remote_created_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub id_acc_accounting_period: Option<String>,
    }
}

model! {
    /// A tax rate.
    ///
    /// Panora's API has it; no event carries it.
    pub struct TaxRate in "accounting" {
        pub description: Option<String>,
        pub total_tax_ratge: Option<f64>,
        pub effective_tax_rate: Option<f64>,
        pub company_id: Option<String>,
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
    /// A tax rate, as a row of Panora's table `acc_tax_rates`.
    ///
    /// `accounting.tax_rate.pulled` and `accounting.taxrate.pulled` carry a list of these, but no known
    /// release sends that.
    pub struct TaxRateRow in "accounting" {
        pub id_acc_tax_rate: String,
        pub remote_id: Option<String>,
        pub description: Option<String>,
        /// Arrives as digits in a string.
        pub total_tax_ratge: Option<i64>,
        /// Arrives as digits in a string.
        pub effective_tax_rate: Option<i64>,
        pub company: Option<String>,
        pub id_connection: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A tracking category.
    ///
    /// Panora's API has it; no event carries it.
    pub struct TrackingCategory in "accounting" {
        pub name: Option<String>,
        pub status: Option<String>,
        pub category_type: Option<String>,
        pub parent_category: Option<String>,
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
    /// A tracking category, as a row of Panora's table `acc_tracking_categories`.
    ///
    /// `accounting.tracking_category.pulled` and `accounting.trackingcategory.pulled` carry a list of these,
    /// but no known release sends that.
    pub struct TrackingCategoryRow in "accounting" {
        pub id_acc_tracking_category: String,
        pub remote_id: Option<String>,
        pub name: Option<String>,
        pub status: Option<String>,
        pub category_type: Option<String>,
        pub parent_category: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A transaction.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Transaction in "accounting" {
        pub transaction_type: Option<String>,
        pub number: Option<f64>,
        pub transaction_date: Option<DateTime>,
        pub total_amount: Option<String>,
        pub exchange_rate: Option<String>,
        pub currency: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub account_id: Option<String>,
        pub contact_id: Option<String>,
        pub company_info_id: Option<String>,
        pub accounting_period_id: Option<String>,
        pub line_items: Option<Vec<TransactionLineItem>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub modified_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
    }
}

model! {
    /// A transaction, as a row of Panora's table `acc_transactions`.
    ///
    /// `accounting.transaction.pulled` carries a list of these, but no known release sends that.
    pub struct TransactionRow in "accounting" {
        pub id_acc_transaction: String,
        pub transaction_type: Option<String>,
        /// Arrives as digits in a string.
        pub number: Option<i64>,
        pub transaction_date: Option<DateTime>,
        pub total_amount: Option<String>,
        pub exchange_rate: Option<String>,
        pub currency: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub id_acc_account: Option<String>,
        pub id_acc_contact: Option<String>,
        pub id_acc_company_info: Option<String>,
        pub id_acc_accounting_period: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub id_connection: Option<String>,
    }
}

model! {
    /// A vendor credit.
    ///
    /// Panora's API has it; no event carries it.
    pub struct VendorCredit in "accounting" {
        pub number: Option<String>,
        pub transaction_date: Option<DateTime>,
        pub vendor: Option<String>,
        pub total_amount: Option<f64>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub company_id: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub accounting_period_id: Option<String>,
        pub line_items: Option<Vec<VendorCreditLineItem>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub remote_updated_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A vendor credit, as a row of Panora's table `acc_vendor_credits`.
    ///
    /// `accounting.vendor_credit.pulled` and `accounting.vendorcredit.pulled` carry a list of these, but no
    /// known release sends that.
    pub struct VendorCreditRow in "accounting" {
        pub id_acc_vendor_credit: String,
        pub id_connection: Option<String>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        pub number: Option<String>,
        pub transaction_date: Option<DateTime>,
        pub vendor: Option<String>,
        /// Arrives as digits in a string.
        pub total_amount: Option<i64>,
        pub currency: Option<String>,
        pub exchange_rate: Option<String>,
        pub company: Option<String>,
        pub tracking_categories: Option<Vec<String>>,
        pub accounting_period: Option<String>,
    }
}

any_event! {
    /// Any event of this vertical, for a hook on `accounting.*` or another prefix.
    pub enum AnyEvent in "accounting" {
        /// `accounting.account.pulled`, which no known release sends.
        AccountPulled(Vec<AccountRow>): "accounting.account.pulled",
        /// `accounting.address.pulled`, which no known release sends.
        AddressPulled(Vec<AddressRow>): "accounting.address.pulled",
        /// `accounting.attachment.pulled`, which no known release sends.
        AttachmentPulled(Vec<AttachmentRow>): "accounting.attachment.pulled",
        /// `accounting.balancesheet.pulled`, which no known release sends.
        BalanceSheetPulled(Vec<BalanceSheetRow>): "accounting.balancesheet.pulled",
        /// `accounting.cashflow_statement.pulled` or `accounting.cashflowstatement.pulled`, which no known
        /// release sends.
        CashflowStatementPulled(Vec<CashflowStatementRow>): "accounting.cashflow_statement.pulled" | "accounting.cashflowstatement.pulled",
        /// `accounting.company_info.pulled` or `accounting.companyinfo.pulled`, which no known release sends.
        CompanyInfoPulled(Vec<CompanyInfoRow>): "accounting.company_info.pulled" | "accounting.companyinfo.pulled",
        /// `accounting.contact.pulled`, which no known release sends.
        ContactPulled(Vec<ContactRow>): "accounting.contact.pulled",
        /// `accounting.credit_note.pulled` or `accounting.creditnote.pulled`, which no known release sends.
        CreditNotePulled(Vec<CreditNoteRow>): "accounting.credit_note.pulled" | "accounting.creditnote.pulled",
        /// `accounting.expense.pulled`, which no known release sends.
        ExpensePulled(Vec<ExpenseRow>): "accounting.expense.pulled",
        /// `accounting.income_statement.pulled` or `accounting.incomestatement.pulled`, which no known
        /// release sends.
        IncomeStatementPulled(Vec<IncomeStatementRow>): "accounting.income_statement.pulled" | "accounting.incomestatement.pulled",
        /// `accounting.invoice.pulled`, which no known release sends.
        InvoicePulled(Vec<InvoiceRow>): "accounting.invoice.pulled",
        /// `accounting.item.pulled`, which no known release sends.
        ItemPulled(Vec<ItemRow>): "accounting.item.pulled",
        /// `accounting.journal_entry.pulled` or `accounting.journalentry.pulled`, which no known release
        /// sends.
        JournalEntryPulled(Vec<JournalEntryRow>): "accounting.journal_entry.pulled" | "accounting.journalentry.pulled",
        /// `accounting.payment.pulled`, which no known release sends.
        PaymentPulled(Vec<PaymentRow>): "accounting.payment.pulled",
        /// `accounting.phone_number.pulled` or `accounting.phonenumber.pulled`, which no known release sends.
        PhoneNumberPulled(Vec<PhoneNumberRow>): "accounting.phone_number.pulled" | "accounting.phonenumber.pulled",
        /// `accounting.purchase_order.pulled` or `accounting.purchaseorder.pulled`, which no known release
        /// sends.
        PurchaseOrderPulled(Vec<PurchaseOrderRow>): "accounting.purchase_order.pulled" | "accounting.purchaseorder.pulled",
        /// `accounting.tax_rate.pulled` or `accounting.taxrate.pulled`, which no known release sends.
        TaxRatePulled(Vec<TaxRateRow>): "accounting.tax_rate.pulled" | "accounting.taxrate.pulled",
        /// `accounting.tracking_category.pulled` or `accounting.trackingcategory.pulled`, which no known
        /// release sends.
        TrackingCategoryPulled(Vec<TrackingCategoryRow>): "accounting.tracking_category.pulled" | "accounting.trackingcategory.pulled",
        /// `accounting.transaction.pulled`, which no known release sends.
        TransactionPulled(Vec<TransactionRow>): "accounting.transaction.pulled",
        /// `accounting.vendor_credit.pulled` or `accounting.vendorcredit.pulled`, which no known release
        /// sends.
        VendorCreditPulled(Vec<VendorCreditRow>): "accounting.vendor_credit.pulled" | "accounting.vendorcredit.pulled",
    }
}
