/* SPDX-License-Identifier: MIT */
/*
 * void sm__fiber_swap(void **save_sp, void *next_sp): AAPCS64's callee-saved registers and FPCR.
 * Resumes by an indirect branch, not by ret, as on x86-64.
 */
        .text
        .p2align 5
        .globl  sm__fiber_swap
        .hidden sm__fiber_swap
        .type   sm__fiber_swap, %function
sm__fiber_swap:
        .cfi_startproc
        sub     sp, sp, #176
        .cfi_adjust_cfa_offset 176
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mrs     x9, fpcr
        str     x9, [sp, #160]
        mov     x10, sp
        str     x10, [x0]
        mov     sp, x1
        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        ldr     x10, [sp, #160]
        cmp     x9, x10
        b.eq    1f
        msr     fpcr, x10
1:      add     sp, sp, #176
        .cfi_adjust_cfa_offset -176
        mov     x16, x30
        br      x16
        .cfi_endproc
        .size   sm__fiber_swap, . - sm__fiber_swap

/* Where a fresh fiber begins: x19 is its main function, x20 the argument. Backtraces end here. */
        .p2align 4
        .globl  sm__fiber_entry
        .hidden sm__fiber_entry
        .type   sm__fiber_entry, %function
sm__fiber_entry:
        .cfi_startproc
        .cfi_undefined x30
        mov     x0, x20
        mov     x29, xzr
        mov     x30, xzr
        blr     x19
        brk     #1
        .cfi_endproc
        .size   sm__fiber_entry, . - sm__fiber_entry
        .section .note.GNU-stack, "", %progbits
